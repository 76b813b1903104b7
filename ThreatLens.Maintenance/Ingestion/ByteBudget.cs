namespace ThreatLens.Maintenance.Ingestion;

/// <summary>A bound on bytes held, first come, first served. Thread-safe.</summary>
internal sealed class ByteBudget(long limit)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<(long Bytes, TaskCompletionSource Granted)> _waiting = [];
    private long _used;

    public long Used => Interlocked.Read(ref _used);

    /// <summary>Takes them if they fit now and nobody waits.</summary>
    public bool TryTake(long bytes)
    {
        lock (_lock)
        {
            if (_waiting.Count > 0 || !Fits(bytes))
                return false;
            _used += bytes;
            return true;
        }
    }

    /// <summary>Waits until that many bytes fit. More than the limit is granted when nothing else is held.</summary>
    public async ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        LinkedListNode<(long Bytes, TaskCompletionSource Granted)> place;
        lock (_lock)
        {
            if (_waiting.Count == 0 && Fits(bytes))
            {
                _used += bytes;
                return;
            }

            place = _waiting.AddLast((bytes, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        try
        {
            await place.Value.Granted.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            GiveUp(place);
            throw;
        }
    }

    /// <summary>Takes them whether they fit or not, for what is there already: whoever comes next waits longer.</summary>
    public void Overdraw(long bytes)
    {
        lock (_lock)
            _used += bytes;
    }

    public void Return(long bytes)
    {
        lock (_lock)
        {
            _used -= bytes;
            GrantWaiting();
        }
    }

    private void GiveUp(LinkedListNode<(long Bytes, TaskCompletionSource Granted)> place)
    {
        lock (_lock)
        {
            if (place.List is not null)
                _waiting.Remove(place);
            else
                _used -= place.Value.Bytes;
            GrantWaiting();
        }
    }

    private void GrantWaiting()
    {
        while (_waiting.First is { } first && Fits(first.Value.Bytes))
        {
            _waiting.RemoveFirst();
            _used += first.Value.Bytes;
            first.Value.Granted.SetResult();
        }
    }

    private bool Fits(long bytes) => _used == 0 || _used + bytes <= limit;
}
