using System.Diagnostics.CodeAnalysis;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>
/// The batches that are not known to be stored, in order of their numbers, and which of them went out on the stream of now.
/// Thread-safe: one task writes, another reads acknowledgements.
/// </summary>
internal sealed class UnacknowledgedBatches
{
    private readonly Lock _lock = new();
    private readonly LinkedList<MetricBatch> _batches = [];
    private readonly ChangeSignal _changed = new();
    private LinkedListNode<MetricBatch>? _unsent;

    // When each of those went out that did so on the stream of now.
    private readonly Queue<long> _sentAt = [];
    private int _window = 1;
    private long _last;

    public int Count
    {
        get { lock (_lock) return _batches.Count; }
    }

    /// <summary>Number of the last batch known to be stored.</summary>
    public long LastAcknowledged
    {
        get { lock (_lock) return _last; }
    }

    /// <summary>
    /// Lines the batches up with what a welcome says: forgets what is stored; the rest counts as unsent. False when the number cannot be
    /// explained by what was sent from here (an older database, another producer): then nothing was changed.
    /// </summary>
    public bool TryResume(long lastStored, int window, out IReadOnlyList<MetricBatch> stored)
    {
        lock (_lock)
        {
            stored = [];
            if (lastStored < _last || lastStored > _last + _batches.Count)
                return false;
            var found = new List<MetricBatch>();
            while (_last < lastStored)
                found.Add(RemoveFirst());
            stored = found;
            _sentAt.Clear();
            _unsent = _batches.First;
            _window = window;
            _changed.Raise();
            return true;
        }
    }

    /// <summary>Forgets everything and goes on after <paramref name="lastStored"/>.</summary>
    public int StartOver(long lastStored, int window)
    {
        lock (_lock)
        {
            var dropped = _batches.Count;
            _batches.Clear();
            _sentAt.Clear();
            _unsent = null;
            _last = lastStored;
            _window = window;
            _changed.Raise();
            return dropped;
        }
    }

    /// <summary>From now on so many may be unacknowledged; those that are already stay.</summary>
    public void Resize(int window)
    {
        lock (_lock)
        {
            _window = window;
            _changed.Raise();
        }
    }

    /// <summary>Gives a batch of the source its number. Only when <see cref="WaitForRoomAsync"/> has said that there is room.</summary>
    public void Add(MetricBatch batch)
    {
        lock (_lock)
        {
            batch.Sequence = _last + _batches.Count + 1;
            var node = _batches.AddLast(batch);
            _unsent ??= node;
        }
    }

    /// <summary>The next batch that has not gone out on this stream, if the window allows one.</summary>
    /// <param name="now">Time stamp, handed back by <see cref="Acknowledge"/>.</param>
    /// <param name="batch">The batch.</param>
    public bool TryTakeUnsent(long now, [NotNullWhen(true)] out MetricBatch? batch)
    {
        lock (_lock)
        {
            batch = _sentAt.Count < _window ? _unsent?.Value : null;
            if (batch is null)
                return false;
            _sentAt.Enqueue(now);
            _unsent = _unsent!.Next;
            return true;
        }
    }

    /// <summary>The batch that an acknowledgement is about, now removed; null when it is not the next one expected.</summary>
    public MetricBatch? Acknowledge(long sequence, out long sentAt)
    {
        lock (_lock)
        {
            sentAt = 0;
            if (_sentAt.Count == 0 || sequence != _last + 1)
                return null;
            sentAt = _sentAt.Dequeue();
            var batch = RemoveFirst();
            _changed.Raise();
            return batch;
        }
    }

    /// <summary>Completes when all are sent and one more fits.</summary>
    public Task WaitForRoomAsync(CancellationToken cancellationToken) =>
        WaitAsync(() => _unsent is null && _batches.Count < _window, cancellationToken);

    /// <summary>Completes when one that is not sent may be.</summary>
    public Task WaitForWindowAsync(CancellationToken cancellationToken) => WaitAsync(() => _sentAt.Count < _window, cancellationToken);

    /// <summary>True when some have not gone out on this stream.</summary>
    public bool HasUnsent
    {
        get { lock (_lock) return _unsent is not null; }
    }

    /// <summary>Completes when all are acknowledged.</summary>
    public Task WaitUntilEmptyAsync(CancellationToken cancellationToken) => WaitAsync(() => _batches.Count == 0, cancellationToken);

    private Task WaitAsync(Func<bool> condition, CancellationToken cancellationToken) =>
        _changed.WaitAsync(_lock, condition, cancellationToken);

    private MetricBatch RemoveFirst()
    {
        var batch = _batches.First!.Value;
        _batches.RemoveFirst();
        _last++;
        return batch;
    }
}
