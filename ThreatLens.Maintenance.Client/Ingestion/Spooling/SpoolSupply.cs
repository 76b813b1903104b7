using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Client.Ingestion.Buffering;

namespace ThreatLens.Maintenance.Client.Ingestion.Spooling;

/// <summary>
/// Batches that wait in a spool: a task of its own packs and writes them as samples come, and they are read back when they can go out. While
/// the files cannot be written, they go by memory, one at a time, after all that the files hold. Thread-safe.
/// </summary>
/// <param name="buffer">Where they are packed.</param>
/// <param name="spool">Where they are kept; the caller's.</param>
/// <param name="time">Clock of the waits.</param>
/// <param name="logger">Log.</param>
internal sealed class SpoolSupply(SampleBuffer buffer, Spool spool, TimeProvider time, ILogger logger) : IBatchSupply
{
    /// <summary>How often a file that could not be written is tried again.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ChangeSignal _changed = new();
    private readonly SpoolReader _reader = new(spool, logger);
    private readonly Queue<long> _byMemory = [];
    private PackedBatch? _unwritten;
    private long _handled = spool.Last;
    private long _settled = spool.Settled;
    private bool _ended;

    /// <summary>Why the files cannot be written; null while they can.</summary>
    public string? Failure { get; private set; }

    /// <summary>Bytes of the files.</summary>
    public long Size
    {
        get { lock (_lock) return spool.Size; }
    }

    /// <summary>Writes what is added until nothing more will be, and everything is written.</summary>
    /// <param name="stopWaiting">Ends it when it would have to wait for room.</param>
    public async Task RunAsync(CancellationToken stopWaiting)
    {
        try
        {
            while (await buffer.TakeAsync(CancellationToken.None) is { } packed)
                await StoreAsync(packed, stopWaiting);
        }
        catch (OperationCanceledException) when (stopWaiting.IsCancellationRequested)
        {
            // What is left stays in the buffer's count.
        }
        finally
        {
            lock (_lock)
            {
                _ended = true;
                _changed.Raise();
            }
        }
    }

    public async ValueTask<PackedBatch?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if ((_reader.Next() ?? TakeUnwritten()) is { } next)
                    return next;
                if (_ended)
                    return null;
                changed = _changed.Next;
            }
            await changed.WaitAsync(cancellationToken);
        }
    }

    public bool TryRenumber(Numbering numbering) => Try(() => spool.Renumber(numbering));

    public void Settle(PackedBatch packed)
    {
        buffer.Release(packed);
        Try(() => spool.Settle(packed));
        lock (_lock)
        {
            _settled = packed.Position;
            while (_byMemory.TryPeek(out var position) && position <= packed.Position)
                _byMemory.Dequeue();
            _changed.Raise();
        }
    }

    /// <summary>
    /// Completes when everything that was added has been written, with true; with false when some has gone by memory and is not settled, or
    /// waits in memory for a disk that takes it.
    /// </summary>
    public async Task<bool> WaitUntilKeptAsync(CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var kept = KeptAsync(enough.Token);
        // What cannot be written is before the rest, which is not even packed meanwhile.
        var stuck = _changed.WaitAsync(_lock, () => _unwritten is not null, enough.Token);
        await Task.WhenAny(kept, stuck);
        if (!kept.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            await enough.CancelAsync();
            await ((Task)kept).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return kept.IsCompletedSuccessfully && await kept;
        }
        await enough.CancelAsync();
        await stuck.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await kept;
    }

    private async Task<bool> KeptAsync(CancellationToken cancellationToken)
    {
        var position = await buffer.PackAllAsync(cancellationToken);
        await _changed.WaitAsync(_lock, () => _handled >= position || _settled >= position || _ended, cancellationToken);
        lock (_lock)
            return (_handled >= position || _settled >= position) && (!_byMemory.TryPeek(out var lost) || lost > position);
    }

    private async Task StoreAsync(PackedBatch packed, CancellationToken stopWaiting)
    {
        while (Write(packed) is { } changed)
        {
            await changed.WaitAsync(RetryInterval, time, stopWaiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stopWaiting.ThrowIfCancellationRequested();
            lock (_lock)
            {
                if (_handled >= packed.Position)
                    return;
                _unwritten = null;
            }
        }
    }

    /// <summary>Null when it is written; else what to wait for: room, or a disk that takes it, and meanwhile it is offered to the stream.</summary>
    private Task? Write(PackedBatch packed)
    {
        lock (_lock)
        {
            try
            {
                if (!spool.TryAppend(packed))
                    return _changed.Next;
                Handled(packed);
                buffer.Release(packed);
                Recovered();
                return null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Fail(e);
                _unwritten = packed;
                _changed.Raise();
                return _changed.Next;
            }
        }
    }

    private PackedBatch? TakeUnwritten()
    {
        if (_unwritten is not { } packed)
            return null;
        _unwritten = null;
        _byMemory.Enqueue(packed.Position);
        spool.Skip(packed);
        _reader.Skip(packed);
        Handled(packed);
        return packed;
    }

    private void Handled(PackedBatch packed)
    {
        _handled = packed.Position;
        _changed.Raise();
    }

    private bool Try(Action write)
    {
        lock (_lock)
        {
            try
            {
                write();
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Fail(e);
                return false;
            }
        }
    }

    private void Recovered()
    {
        if (Failure is not null)
            logger.SpoolRecovered(spool.Directory);
        Failure = null;
    }

    private void Fail(Exception e)
    {
        if (Failure is null)
            logger.SpoolFailed(spool.Directory, e.Message);
        Failure = e.Message;
    }
}
