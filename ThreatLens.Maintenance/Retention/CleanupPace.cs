using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// Decides how many rows the next transaction of a cleanup deletes and how long it rests before it. Two things are watched: how long a
/// transaction keeps the write gate, which is what a batch that comes meanwhile waits; and how much longer batches take that met one than those that met
/// none: at once where a single one took longer than the budget allows, and by their 99th percentile. Sizes grow by a little and shrink by a factor, as
/// congestion control does; when they cannot shrink any more, the rests grow. While nobody writes there is no rest, and only the time it would take the
/// first batch to get its turn is bounded. Not thread-safe.
/// </summary>
internal sealed class CleanupPace
{
    /// <summary>Fewer rows a transaction are not worth its fsync.</summary>
    public const int MinRows = 100;

    private const int Enough = 20;
    private const int WindowSamples = 256;
    private const int RememberedHolds = 64;
    private const int FirstRows = 500;
    private const int Tail = 99;
    private static readonly TimeSpan IdleHold = TimeSpan.FromMilliseconds(80);
    private static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);

    private readonly WriterLatency _latency;
    private readonly TimeProvider _time;
    private readonly TimeSpan _budget;
    private readonly int _maxRows;
    private readonly Queue<(long Begun, long Ended)> _holds = new();
    private readonly Queue<TimeSpan> _alone = new();
    private readonly Queue<TimeSpan> _met = new();
    private TimeSpan _slowest;
    private long _nextBatch;
    private long? _lastBatchAt;

    /// <param name="latency">The metrics writer's own times; those from before the cleanup are what it is compared with.</param>
    /// <param name="budget">What the cleanup may add to their 99th percentile.</param>
    /// <param name="maxRows">Most rows a transaction.</param>
    /// <param name="time">The clock.</param>
    public CleanupPace(WriterLatency latency, TimeSpan budget, int maxRows, TimeProvider time)
    {
        (_latency, _budget, _maxRows, _time) = (latency, budget, Math.Max(maxRows, MinRows), time);
        Rows = Math.Min(FirstRows, _maxRows);
        Look();
    }

    /// <summary>Rows of the next transaction.</summary>
    public int Rows { get; private set; }

    /// <summary>Rest before it.</summary>
    public TimeSpan Rest { get; private set; }

    /// <summary>Whether batches have come lately.</summary>
    public bool HasWriter => _lastBatchAt is { } at && _time.GetElapsedTime(at) < IdleAfter;

    /// <summary>What the cleanup adds to the tail of the writer's times, as far as it can tell; null: not enough batches yet.</summary>
    public TimeSpan? Added => _met.Count < Enough ? null : Percentile(_met) - Alone;

    private TimeSpan Alone => _alone.Count < Enough ? TimeSpan.Zero : Percentile(_alone);

    /// <summary>Learns from a transaction.</summary>
    /// <param name="begun">Timestamp when it got the write gate.</param>
    /// <param name="ended">Timestamp when it let go.</param>
    public void Observe(long begun, long ended)
    {
        _holds.Enqueue((begun, ended));
        if (_holds.Count > RememberedHolds)
            _holds.Dequeue();
        Look();
        var hold = _time.GetElapsedTime(begun, ended);
        if (HasWriter)
            Share(hold);
        else
            (Rows, Rest) = (TurnSize.Next(Rows, IdleHold, hold, growth: 2, MinRows, _maxRows), TimeSpan.Zero);
    }

    private void Share(TimeSpan hold)
    {
        // A batch waits for what is left of one transaction, and then for its group's commit beside the cleanup's writing and the checkpoints of both.
        var allowed = _budget / 2;
        if (hold > allowed * 0.9)
        {
            Shrink(Math.Max(0.5, allowed * 0.8 / hold));
        }
        else if (_slowest > Alone + _budget)
        {
            // One is no percentile yet, but it takes a second or two until enough of them are.
            Shrink(0.7);
        }
        else
        {
            Share(hold, allowed, Added);
        }
    }

    private void Share(TimeSpan hold, TimeSpan allowed, TimeSpan? added)
    {
        if (added > _budget * 0.65)
        {
            Shrink(0.7);
            // What was measured before does not tell about the smaller ones.
            _met.Clear();
        }
        else if (Rest > TimeSpan.Zero)
        {
            Rest = Rest > ShortestRest ? Rest / 2 : TimeSpan.Zero;
        }
        else if (hold < allowed * 0.8 && !(added >= _budget * 0.5))
        {
            Rows = Math.Min(_maxRows, Rows + Math.Max(20, Rows / 10));
        }
    }

    private void Shrink(double factor)
    {
        if (Rows == MinRows)
            Rest = Rest < ShortestRest ? ShortestRest : Rest * 2 > LongestRest ? LongestRest : Rest * 2;
        Rows = Math.Max(MinRows, (int)(Rows * factor));
    }

    /// <summary>Sorts the batches that were committed since the last look by whether they met a transaction of the cleanup.</summary>
    private void Look()
    {
        _slowest = TimeSpan.Zero;
        foreach (var batch in _latency.From(_nextBatch))
        {
            _nextBatch = batch.Number + 1;
            _lastBatchAt = batch.CommittedAt;
            var arrived = batch.CommittedAt - (long)(batch.Latency.TotalSeconds * _time.TimestampFrequency);
            var met = _holds.Any(h => h.Begun <= batch.CommittedAt && arrived <= h.Ended);
            var window = met ? _met : _alone;
            if (met && batch.Latency > _slowest)
                _slowest = batch.Latency;
            window.Enqueue(batch.Latency);
            if (window.Count > WindowSamples)
                window.Dequeue();
        }
    }

    private static TimeSpan Percentile(Queue<TimeSpan> window)
    {
        var sorted = window.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, sorted.Count * Tail / 100)];
    }
}
