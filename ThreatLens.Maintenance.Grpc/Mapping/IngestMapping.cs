using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Ingestion;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>The metric stream between the domain and the contract.</summary>
internal static class IngestMapping
{
    // What stays in memory until the commit, beside the texts of a sample or a source: the row, its timestamp's text, the heads of the others.
    private const int SampleBytes = 224;
    private const int SourceBytes = 512;
    private const int BatchBytes = 1_024;

    public static MetricBatch ToDomain(this Contract.MetricBatch batch)
    {
        var samples = new MetricSample[batch.Samples.Count];
        var bytes = BatchBytes + batch.Sources.Sum(BytesOf);
        for (var i = 0; i < samples.Length; i++)
        {
            var s = batch.Samples[i];
            samples[i] = new MetricSample(s.SourceName, s.MetricType, s.MetricValue, ToDomain(s.Timestamp), s.MetricMetadata);
            bytes += SampleBytes + (sizeof(char) * (long)(s.SourceName.Length + s.MetricType.Length + s.MetricValue.Length + s.MetricMetadata.Length));
        }

        return new MetricBatch(batch.Sequence, samples, [.. batch.Sources.Select(ToDomain)], bytes);
    }

    public static Contract.Welcome ToWelcome(ProducerState state, IngestConfiguration configuration, int maxUnacknowledged, TimeSpan producerRetention) => new()
    {
        LastSequence = state.LastSequence,
        Positions =
        {
            state.Positions.Select(p => new Contract.SourcePosition { SourceName = p.SourceName, Path = p.Path, Offset = p.Offset, PositionToken = p.PositionToken }),
        },
        Configuration = configuration.ToContract(),
        MaxUnacknowledgedBatches = maxUnacknowledged,
        MaxBatchSamples = IngestLimits.MaxBatchSamples,
        ProducerRetention = producerRetention.ToDuration(),
    };

    public static Contract.IngestConfiguration ToContract(this IngestConfiguration configuration) => new()
    {
        Monitoring = configuration.Monitoring.ToContract(),
        Sources = { configuration.Sources.Select(s => new Contract.LogSourceSetting { SourceName = s.SourceName, Path = s.Path, Enabled = s.IsEnabled }) },
    };

    public static Contract.BatchAcknowledgement ToContract(this BatchOutcome outcome, int maxUnacknowledged) => new()
    {
        Sequence = outcome.Sequence,
        Accepted = outcome.Accepted,
        Duplicate = outcome.IsDuplicate,
        Rejections =
        {
            outcome.Rejections.Select(r => new Contract.Rejection
            {
                Entry = r.Entry == RejectedEntry.Sample ? Contract.RejectedEntry.Sample : Contract.RejectedEntry.Source,
                Index = r.Index,
                Field = r.Field,
                Reason = r.Reason,
            }),
        },
        Latency = outcome.Latency.ToDuration(),
        MaxUnacknowledgedBatches = maxUnacknowledged,
    };

    private static long BytesOf(Contract.SourceReport source) =>
        SourceBytes + (sizeof(char) * (long)(source.SourceName.Length + source.Path.Length + source.ErrorMessage.Length + source.PositionToken.Length));

    private static SourceReport ToDomain(Contract.SourceReport source) => new()
    {
        SourceName = source.SourceName,
        Path = source.Path,
        FileSize = source.FileSize,
        Offset = source.Offset,
        Status = MonitoringMapping.TryToDomain(source.Status),
        ErrorMessage = source.ErrorMessage,
        MonitoredAt = ToDomain(source.MonitorTime),
        PositionToken = source.PositionToken,
    };

    private static SampleTime? ToDomain(Timestamp? time) => time is null ? null : new SampleTime(time.Seconds, time.Nanos);
}
