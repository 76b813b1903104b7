using System.Diagnostics.Metrics;

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

    private readonly KeyValuePair<string, object?> _producer;

    internal MetricSenderMetrics(string producerId) => _producer = new("threatlens.producer.id", producerId);

    internal void Sent() => SentBatches.Add(1, _producer);

    internal void Taken() => InFlightBatches.Add(1, _producer);

    internal void Acknowledged(int batches)
    {
        AcknowledgedBatches.Add(batches, _producer);
        InFlightBatches.Add(-batches, _producer);
    }

    internal void Duplicate() => DuplicateBatches.Add(1, _producer);

    internal void Dropped(int batches) => InFlightBatches.Add(-batches, _producer);

    internal void Rejected(int entries) => RejectedEntriesCounter.Add(entries, _producer);

    internal void StreamEnded(string status) => ReconnectCounter.Add(1, _producer, new("rpc.response.status_code", status));

    internal void StartedOver() => RestartCounter.Add(1, _producer);
}
