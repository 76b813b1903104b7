using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ThreatLens.Maintenance.Diagnostics;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>What ingestion has done lately, counted as it commits; nothing here reads the database. Thread-safe.</summary>
public sealed class IngestStatistics(TimeProvider time)
{
    private const int WindowSeconds = 60;
    private const int MaxLatencies = 1_024;
    private const int MaxSources = 1_000;

    private static readonly Counter<long> Rows = MaintenanceMetrics.Meter.CreateCounter<long>(
        "threatlens.ingest.rows", "{row}", "Metrics stored in processing_metrics.");

    private static readonly Counter<long> Batches = MaintenanceMetrics.Meter.CreateCounter<long>(
        "threatlens.ingest.batches", "{batch}", "Batches acknowledged, by outcome: stored or duplicate.");

    private static readonly Counter<long> Rejected = MaintenanceMetrics.Meter.CreateCounter<long>(
        "threatlens.ingest.rejections", "{entry}", "Entries of batches that were not stored, by field.");

    private static readonly Histogram<double> CommitLatency = MaintenanceMetrics.Meter.CreateHistogram<double>(
        "threatlens.ingest.commit.duration", "s", "From a batch's arrival to its commit.");

    private readonly Lock _lock = new();
    private readonly (long Second, long Rows)[] _window = new (long, long)[WindowSeconds];
    private readonly Queue<double> _latencies = new();
    private readonly Dictionary<string, SourceCount> _sources = [];
    private Func<int> _queueDepth = static () => 0;
    private Func<long> _queuedBytes = static () => 0;
    private long _rows;
    private long _batches;
    private long _duplicates;
    private long _rejections;
    private DateTimeOffset? _lastCommit;

    /// <summary>When the counting began, UTC: with the process.</summary>
    public DateTimeOffset Since { get; } = time.GetUtcNow();

    /// <summary>Metrics stored.</summary>
    public MinuteCounter StoredByMinute { get; } = new(time);

    /// <summary>Entries of batches that were not stored.</summary>
    public MinuteCounter RejectedByMinute { get; } = new(time);

    /// <summary>Groups of batches that could not be stored, and were refused for the time being.</summary>
    public MinuteCounter FailuresByMinute { get; } = new(time);

    /// <summary>How long batches took lately.</summary>
    public WriterLatency Latency { get; } = new(time);

    /// <summary>A consistent snapshot.</summary>
    public IngestSnapshot Snapshot()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var second = now.ToUnixTimeSeconds();
            var recent = _window.Where(w => w.Second > second - WindowSeconds && w.Second <= second).Sum(w => w.Rows);
            var seconds = Math.Clamp((now - Since).TotalSeconds, 1, WindowSeconds);
            double[] latencies = [.. _latencies.Order()];
            return new IngestSnapshot(
                _rows, _batches, _duplicates, _rejections, recent / seconds, _queueDepth(), _queuedBytes(),
                Percentile(latencies, 0.50), Percentile(latencies, 0.99), _lastCommit, [.. _sources.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => new SourceIngest(s.Key, s.Value.Rows, s.Value.LastStoredAt, s.Value.InMinuteBefore(second / 60)))]);
        }
    }

    internal void ObserveQueue(Func<int> depth, Func<long> bytes)
    {
        (_queueDepth, _queuedBytes) = (depth, bytes);
        MaintenanceMetrics.Meter.CreateObservableGauge("threatlens.ingest.queue.depth", depth, "{batch}", "Batches waiting for the writer.");
        MaintenanceMetrics.Meter.CreateObservableGauge("threatlens.ingest.queue.bytes", bytes, "By", "Memory of batches waiting for the writer.");
    }

    internal void Committed(BatchWork work, TimeSpan latency)
    {
        Batches.Add(1, new KeyValuePair<string, object?>("threatlens.ingest.outcome", work.IsDuplicate ? "duplicate" : "stored"));
        CommitLatency.Record(latency.TotalSeconds);
        Latency.Report(latency);
        lock (_lock)
        {
            _batches++;
            _lastCommit = time.GetUtcNow();
            _latencies.Enqueue(latency.TotalMilliseconds);
            if (_latencies.Count > MaxLatencies)
                _latencies.Dequeue();
            if (work.IsDuplicate)
            {
                _duplicates++;
                return;
            }

            Count(work);
        }

        StoredByMinute.Add(work.Stored);
        RejectedByMinute.Add(work.Rejections.Count);
        Rows.Add(work.Stored);
        foreach (var rejection in work.Rejections)
            Rejected.Add(1, new KeyValuePair<string, object?>("threatlens.ingest.field", rejection.Field));
    }

    private void Count(BatchWork work)
    {
        _rows += work.Stored;
        _rejections += work.Rejections.Count;
        var now = time.GetUtcNow();
        var second = now.ToUnixTimeSeconds();
        ref var slot = ref _window[second % WindowSeconds];
        slot = slot.Second == second ? (second, slot.Rows + work.Stored) : (second, work.Stored);
        foreach (var row in work.Batch.Rows)
        {
            ref var source = ref CollectionsMarshal.GetValueRefOrNullRef(_sources, row.SourceName);
            if (!Unsafe.IsNullRef(ref source))
                source = source.Add(now, second / 60);
            else if (_sources.Count < MaxSources)
                _sources.Add(row.SourceName, new SourceCount().Add(now, second / 60));
        }
    }

    private readonly record struct SourceCount(long Rows, DateTimeOffset LastStoredAt, long Minute, long InMinute, long Before)
    {
        public SourceCount Add(DateTimeOffset now, long minute) => minute == Minute
            ? this with { Rows = Rows + 1, LastStoredAt = now, InMinute = InMinute + 1 }
            : new SourceCount(Rows + 1, now, minute, 1, InMinuteBefore(minute));

        /// <summary>Of the minute before the one that is not over yet.</summary>
        public long InMinuteBefore(long minute) => minute == Minute ? Before : minute == Minute + 1 ? InMinute : 0;
    }

    private static double? Percentile(double[] sorted, double share) =>
        sorted.Length == 0 ? null : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];
}

/// <summary>What ingestion has done since the service started.</summary>
/// <param name="Rows">Metrics stored.</param>
/// <param name="Batches">Batches acknowledged.</param>
/// <param name="Duplicates">Of them stored before.</param>
/// <param name="Rejections">Entries not stored.</param>
/// <param name="RowsPerSecond">Mean over the last minute, or since the start when that is shorter.</param>
/// <param name="QueuedBatches">Batches waiting now.</param>
/// <param name="QueuedBytes">Their size.</param>
/// <param name="LatencyP50Milliseconds">Median time from arrival to commit of the last 1,024 batches; null: none yet.</param>
/// <param name="LatencyP99Milliseconds">99th percentile of it.</param>
/// <param name="LastCommitAt">When a batch was last committed, UTC; null: none yet.</param>
/// <param name="Sources">Per source, by name; at most 1,000.</param>
public sealed record IngestSnapshot(
    long Rows, long Batches, long Duplicates, long Rejections, double RowsPerSecond, int QueuedBatches, long QueuedBytes,
    double? LatencyP50Milliseconds, double? LatencyP99Milliseconds, DateTimeOffset? LastCommitAt, IReadOnlyList<SourceIngest> Sources);

/// <summary>What came in from one source since the service started.</summary>
/// <param name="SourceName">Source.</param>
/// <param name="Rows">Metrics stored.</param>
/// <param name="LastStoredAt">When one was last stored, UTC.</param>
/// <param name="RowsLastMinute">Metrics stored in the last minute that is over.</param>
public sealed record SourceIngest(string SourceName, long Rows, DateTimeOffset LastStoredAt, long RowsLastMinute);
