namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// How long batches took lately from their arrival to their commit: what whoever shares the database with the metrics writer looks at to stay out of
/// its way. The last 2,048 are remembered. Thread-safe.
/// </summary>
public sealed class WriterLatency(TimeProvider time)
{
    private const int Capacity = 2_048;
    private readonly Lock _lock = new();
    private readonly CommittedBatch[] _ring = new CommittedBatch[Capacity];
    private long _count;

    /// <summary>Reports a commit that has just happened.</summary>
    /// <param name="latency">From the batch's arrival to now.</param>
    internal void Report(TimeSpan latency)
    {
        lock (_lock)
        {
            _ring[_count % Capacity] = new CommittedBatch(_count, time.GetTimestamp(), latency);
            _count++;
        }
    }

    /// <summary>Batches by their number, oldest first, as far as they are remembered.</summary>
    /// <param name="from">The first number wanted: 0, or one more than the last one seen.</param>
    internal IReadOnlyList<CommittedBatch> From(long from)
    {
        lock (_lock)
        {
            var first = Math.Max(from, Math.Max(0, _count - Capacity));
            var batches = new CommittedBatch[Math.Max(0, _count - first)];
            for (var i = 0; i < batches.Length; i++)
                batches[i] = _ring[(first + i) % Capacity];
            return batches;
        }
    }
}

/// <summary>One batch of the writer's.</summary>
/// <param name="Number">Counted from 0.</param>
/// <param name="CommittedAt">Timestamp of <see cref="TimeProvider.GetTimestamp"/> at its commit.</param>
/// <param name="Latency">From its arrival to its commit.</param>
internal readonly record struct CommittedBatch(long Number, long CommittedAt, TimeSpan Latency);
