using System.Diagnostics.Metrics;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>What senders count, tagged with the producer id. Meter: <see cref="MeterName"/>.</summary>
public sealed class MetricSenderMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "ThreatLens.Maintenance.Client";

    private static readonly Meter _meter = new(MeterName);
    private static readonly Counter<long> _sentBatches = _meter.CreateCounter<long>(
        "threatlens.sender.batches.sent", "{batch}", "Batches written to the stream, resent ones included.");
    private static readonly Counter<long> _acknowledgedBatches = _meter.CreateCounter<long>(
        "threatlens.sender.batches.acknowledged", "{batch}", "Batches known to be stored.");
    private static readonly Counter<long> _duplicateBatches = _meter.CreateCounter<long>(
        "threatlens.sender.batches.duplicate", "{batch}", "Batches acknowledged that had been stored before.");
    private static readonly Counter<long> _rejectedEntriesCounter = _meter.CreateCounter<long>(
        "threatlens.sender.entries.rejected", "{entry}", "Samples and source reports refused for good.");
    private static readonly Counter<long> _reconnectCounter = _meter.CreateCounter<long>(
        "threatlens.sender.reconnects", "{stream}", "Streams that ended, by status.");
    private static readonly Counter<long> _restartCounter = _meter.CreateCounter<long>(
        "threatlens.sender.restarts", "{restart}", "Times the service's number did not fit and the source started over.");
    private static readonly UpDownCounter<long> _inFlightBatches = _meter.CreateUpDownCounter<long>(
        "threatlens.sender.batches.in_flight", "{batch}", "Batches taken from the source and not known to be stored.");

    private readonly KeyValuePair<string, object?> _producer;

    internal MetricSenderMetrics(string producerId) => _producer = new("threatlens.producer.id", producerId);

    internal void Sent() => _sentBatches.Add(1, _producer);

    internal void Taken() => _inFlightBatches.Add(1, _producer);

    internal void Acknowledged(int batches)
    {
        _acknowledgedBatches.Add(batches, _producer);
        _inFlightBatches.Add(-batches, _producer);
    }

    internal void Duplicate() => _duplicateBatches.Add(1, _producer);

    internal void Dropped(int batches) => _inFlightBatches.Add(-batches, _producer);

    internal void Rejected(int entries) => _rejectedEntriesCounter.Add(entries, _producer);

    internal void StreamEnded(string status) => _reconnectCounter.Add(1, _producer, new("rpc.response.status_code", status));

    internal void StartedOver() => _restartCounter.Add(1, _producer);
}
