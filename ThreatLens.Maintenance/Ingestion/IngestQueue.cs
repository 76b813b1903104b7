using System.Globalization;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// What waits for the writer, bounded in memory; producers take turns. Whoever brings more than fits waits, which is what slows a fast producer
/// down, and is refused when the writer does not get on. Thread-safe; one reader.
/// </summary>
internal sealed class IngestQueue(IngestOptions options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly ProducerTurns _turns = new();
    private readonly ManualResetEventSlim _available = new(false, spinCount: 0);
    private readonly ByteBudget _budget = new(options.MaxQueuedBytes);
    private bool _completed;

    public int Count
    {
        get
        {
            lock (_lock)
                return _turns.Count;
        }
    }

    public long Bytes => _budget.Used;

    /// <exception cref="MaintenanceException">SHUTTING_DOWN; INGEST_BEHIND when there was no room for as long as is waited for it.</exception>
    public async ValueTask AddAsync(IngestWork work, CancellationToken cancellationToken)
    {
        await TakeRoomAsync(work.Bytes, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            if (!_completed)
            {
                _turns.Add(work);
                _available.Set();
                return;
            }
        }

        _budget.Return(work.Bytes);
        throw Stopping();
    }

    /// <summary>Takes no more; what is there is still given out.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            _available.Set();
        }
    }

    /// <summary>Blocks until there is something, and takes as much as a group may have. It never waits for more to come.</summary>
    /// <param name="group">Empty; filled here.</param>
    /// <returns>False when nothing will come any more.</returns>
    public bool Take(List<IngestWork> group)
    {
        _available.Wait();
        TakeMore(group);
        return group.Count > 0;
    }

    /// <summary>Adds to a group what has come since it was taken, as much as it may have; without waiting.</summary>
    /// <param name="group">A group that nobody writes yet.</param>
    public void TakeMore(List<IngestWork> group)
    {
        lock (_lock)
        {
            for (var rows = group.Sum(w => w.Rows); rows < options.MaxGroupRows && _turns.TryTake(out var work); rows += work.Rows)
                group.Add(work);
            if (_turns.Count == 0 && !_completed)
                _available.Reset();
        }
    }

    /// <summary>The first of a group are written or refused: their bytes are free.</summary>
    public void Release(List<IngestWork> group, int count)
    {
        for (var i = 0; i < count; i++)
            _budget.Return(group[i].Bytes);
        group.RemoveRange(0, count);
    }

    public void Dispose() => _available.Dispose();

    public static MaintenanceException Stopping() =>
        new(ErrorKind.Unavailable, ErrorReasons.ShuttingDown, "The service is stopping; what was not acknowledged is not stored.") { RetryAfter = TimeSpan.FromSeconds(1) };

    private async ValueTask TakeRoomAsync(long bytes, CancellationToken cancellationToken)
    {
        if (_budget.TryTake(bytes))
            return;
        using var limit = new CancellationTokenSource(options.MaxQueueWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await _budget.TakeAsync(bytes, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Behind();
        }
    }

    private MaintenanceException Behind() => new(
        ErrorKind.ResourceExhausted,
        ErrorReasons.IngestBehind,
        string.Create(CultureInfo.InvariantCulture, $"The writer is behind: {Bytes} bytes wait for it, and for {options.MaxQueueWait.TotalSeconds:0.###} s there was no room for more. What was not acknowledged is to be sent again."))
    {
        RetryAfter = Retry,
    };
}
