using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>What senders count, tagged with the producer id. Meter: <see cref="MeterName"/>.</summary>
public sealed class MetricSenderMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "ThreatLens.Maintenance.Client";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> SentBatches = Meter.CreateCounter<long>(
        "threatlens.sender.batches.sent", "{batch}", "Batches written to the stream, resent ones included.");
    private static readonly Counter<long> AcknowledgedBatches = Meter.CreateCounter<long>(
        "threatlens.sender.batches.acknowledged", "{batch}", "Batches known to be stored.");
    private static readonly Counter<long> DuplicateBatches = Meter.CreateCounter<long>(
        "threatlens.sender.batches.duplicate", "{batch}", "Batches acknowledged that had been stored before.");
    private static readonly Counter<long> RejectedEntriesCounter = Meter.CreateCounter<long>(
        "threatlens.sender.entries.rejected", "{entry}", "Samples and source reports refused for good.");
    private static readonly Counter<long> ReconnectCounter = Meter.CreateCounter<long>(
        "threatlens.sender.reconnects", "{stream}", "Streams that ended, by status.");
    private static readonly Counter<long> RestartCounter = Meter.CreateCounter<long>(
        "threatlens.sender.restarts", "{restart}", "Times the service's number did not fit and the source started over.");
    private static readonly UpDownCounter<long> InFlightBatches = Meter.CreateUpDownCounter<long>(
        "threatlens.sender.batches.in_flight", "{batch}", "Batches taken from the source and not known to be stored.");

    private static readonly Counter<long> AddedSamples = Meter.CreateCounter<long>(
        "threatlens.sender.samples.added", "{sample}", "Samples handed to MetricSender.Add, dropped ones included.");
    private static readonly Counter<long> SentSamples = Meter.CreateCounter<long>(
        "threatlens.sender.samples.sent", "{sample}", "Samples written to the stream, resent ones included.");
    private static readonly Counter<long> AcknowledgedSamples = Meter.CreateCounter<long>(
        "threatlens.sender.samples.acknowledged", "{sample}", "Samples known to be stored.");
    private static readonly Counter<long> DroppedSamples = Meter.CreateCounter<long>(
        "threatlens.sender.samples.dropped", "{sample}", "Samples given up, by reason.");
    private static readonly Histogram<double> AcknowledgementDuration = Meter.CreateHistogram<double>(
        "threatlens.sender.acknowledgement.duration", "s", "From a batch's last sending to its acknowledgement.");
    private static readonly ConcurrentDictionary<MetricSenderMetrics, Func<(long Samples, long SpoolBytes)>> Levels = new();

    private readonly KeyValuePair<string, object?> _producer;

    static MetricSenderMetrics()
    {
        Meter.CreateObservableUpDownCounter(
            "threatlens.sender.samples.unacknowledged", () => Observe(level => level.Samples), "{sample}", "Samples added, or found in the spool, and not known to be stored.");
        Meter.CreateObservableUpDownCounter(
            "threatlens.sender.spool.size", () => Observe(level => level.SpoolBytes), "By", "Bytes of the spool's files.");
    }

    internal MetricSenderMetrics(string producerId) => _producer = new("threatlens.producer.id", producerId);

    /// <summary>Shows these levels until <see cref="Hide"/>.</summary>
    internal void Show(Func<(long Samples, long SpoolBytes)> levels) => Levels[this] = levels;

    internal void Hide() => Levels.TryRemove(this, out _);

    internal void Added() => AddedSamples.Add(1, _producer);

    internal void DroppedFor(DropReason reason, long samples) =>
        DroppedSamples.Add(samples, _producer, new("threatlens.drop.reason", reason.Tag()));

    internal void Latency(TimeSpan latency) => AcknowledgementDuration.Record(latency.TotalSeconds, _producer);

    internal void Sent(MetricBatch batch)
    {
        SentBatches.Add(1, _producer);
        SentSamples.Add(batch.Samples.Count, _producer);
    }

    internal void Taken() => InFlightBatches.Add(1, _producer);

    /// <summary>One batch with so many samples stored.</summary>
    internal void Acknowledged(int samples)
    {
        AcknowledgedBatches.Add(1, _producer);
        AcknowledgedSamples.Add(samples, _producer);
        InFlightBatches.Add(-1, _producer);
    }

    internal void Duplicate() => DuplicateBatches.Add(1, _producer);

    internal void Dropped(int batches) => InFlightBatches.Add(-batches, _producer);

    internal void Rejected(int entries) => RejectedEntriesCounter.Add(entries, _producer);

    internal void StreamEnded(string status) => ReconnectCounter.Add(1, _producer, new("rpc.response.status_code", status));

    internal void StartedOver() => RestartCounter.Add(1, _producer);

    private static IEnumerable<Measurement<long>> Observe(Func<(long Samples, long SpoolBytes), long> level) =>
        [.. Levels.Select(sender => new Measurement<long>(level(sender.Value()), sender.Key._producer))];
}
