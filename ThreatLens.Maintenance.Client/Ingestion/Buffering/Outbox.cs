using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion.Buffering;

/// <summary>
/// The way of batches from where they wait to the stream: remembers those that went out until they are stored, and lines them up with what
/// the service says it has. Thread-safe.
/// </summary>
/// <param name="producerId">Whose they are.</param>
/// <param name="supply">Where they wait.</param>
/// <param name="standing">Where it begins.</param>
/// <param name="drops">Told what is given up.</param>
/// <param name="time">Clock of the waits.</param>
/// <param name="logger">Log.</param>
internal sealed class Outbox(string producerId, IBatchSupply supply, Standing standing, DropLedger drops, TimeProvider time, ILogger logger)
{
    /// <summary>How often numbers that could not be remembered are tried again.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Queue<PackedBatch> _taken = [];
    private readonly ChangeSignal _settled = new();
    private Standing _standing = standing;
    private long _storedBefore = standing.Settled;
    private bool _welcomed;
    private long _acknowledged;
    private long _rejected;

    /// <summary>Samples known to be stored.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Samples that the service refused for good.</summary>
    public long Rejected => Interlocked.Read(ref _rejected);

    /// <summary>The batches that follow a welcome: those under way that are not stored, then new ones. One caller at a time.</summary>
    public async IAsyncEnumerable<MetricBatch> After(Welcome welcome, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // A batch that goes out under a number that a crash forgets would be sent, and stored, once more under another.
        List<PackedBatch>? again;
        while ((again = TryLineUp(welcome.LastSequence)) is null)
            await Task.Delay(RetryInterval, time, cancellationToken);
        foreach (var packed in again)
            yield return packed.Batch;
        while (await supply.TakeAsync(cancellationToken) is { } next)
        {
            if (GoesOut(next))
                yield return next.Batch;
        }
    }

    /// <summary>A batch is about to be sent.</summary>
    public void OnSending(MetricBatch batch)
    {
        lock (_lock)
        {
            if (_standing.Numbering is { } numbering)
                _standing = _standing with { Sent = Math.Max(_standing.Sent, numbering.PositionOf(batch.Sequence)) };
        }
    }

    /// <summary>A batch is stored, but for so many of its samples.</summary>
    public void OnStored(MetricBatch batch, int rejected)
    {
        lock (_lock)
        {
            if (_taken.TryPeek(out var first) && ReferenceEquals(first.Batch, batch))
                SettleFirst(rejected);
        }
    }

    /// <summary>Completes when everything up to a position is stored or given up.</summary>
    public Task WaitUntilSettledAsync(long position, CancellationToken cancellationToken) =>
        _settled.WaitAsync(_lock, () => _standing.Settled >= position, cancellationToken);

    /// <summary>Null when the numbers could not be remembered, and nothing has changed.</summary>
    private List<PackedBatch>? TryLineUp(long last)
    {
        lock (_lock)
        {
            var known = _standing.Numbering;
            // What an earlier welcome said is stored may not have come by here yet.
            var from = _standing with { Settled = Math.Max(_standing.Settled, _storedBefore) };
            var (stored, inDoubt, numbering) = from.Resume(last, isFirst: !_welcomed);
            if (numbering != known && !supply.TryRenumber(numbering))
                return null;
            var isFirst = !_welcomed;
            (_storedBefore, _welcomed) = (stored, true);
            while (_taken.TryPeek(out var first) && first.Position <= inDoubt)
                GiveUp(first);
            _standing = new Standing(_standing.Settled, Math.Max(_storedBefore, inDoubt), numbering);
            // Of later ones the stream tells.
            if (isFirst && known is not null && numbering != known && last == 0)
                logger.Forgotten(producerId);
            if (known is not null && numbering != known && _taken.Count > 0)
                logger.Renumbered(producerId, _taken.Sum(packed => packed.Samples), last + 1);
            return [.. _taken];
        }
    }

    /// <summary>Whether a batch is still to be sent; one that a spool kept may have been stored before its process died.</summary>
    private bool GoesOut(PackedBatch next)
    {
        lock (_lock)
        {
            _taken.Enqueue(next);
            if (next.Position > _storedBefore)
            {
                drops.Add(DropReason.Unreadable, next.Lost);
                return true;
            }
            Interlocked.Add(ref _acknowledged, next.Lost);
            SettleFirst(rejected: 0);
            return false;
        }
    }

    private void SettleFirst(int rejected)
    {
        var packed = _taken.Dequeue();
        Interlocked.Add(ref _acknowledged, packed.Samples - rejected);
        Interlocked.Add(ref _rejected, rejected);
        Settled(packed);
    }

    private void GiveUp(PackedBatch packed)
    {
        _taken.Dequeue();
        drops.Add(DropReason.InDoubt, packed.Samples);
        Settled(packed);
    }

    private void Settled(PackedBatch packed)
    {
        _standing = _standing with { Settled = packed.Position };
        supply.Settle(packed);
        _settled.Raise();
    }
}
