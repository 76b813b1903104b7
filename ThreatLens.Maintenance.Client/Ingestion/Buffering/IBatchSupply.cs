namespace ThreatLens.Maintenance.Client.Ingestion.Buffering;

/// <summary>Where a sender's batches wait until they can go out: in memory, or in a spool. Thread-safe.</summary>
internal interface IBatchSupply
{
    /// <summary>The next batch in order; null when there will be no more. One caller at a time; cancelling loses nothing.</summary>
    ValueTask<PackedBatch?> TakeAsync(CancellationToken cancellationToken);

    /// <summary>From now on batches are numbered like this; remembered where something is remembered.</summary>
    /// <returns>False when it could not be remembered, and nothing has changed: then nothing may be sent under these numbers.</returns>
    bool TryRenumber(Numbering numbering);

    /// <summary>A batch is stored or given up, and with it all before it: it need not be kept.</summary>
    void Settle(PackedBatch packed);
}

/// <summary>Batches that are in memory only.</summary>
/// <param name="buffer">Packs them when they are asked for, so that they are full when much waits.</param>
internal sealed class MemorySupply(SampleBuffer buffer) : IBatchSupply
{
    public ValueTask<PackedBatch?> TakeAsync(CancellationToken cancellationToken) => buffer.TakeAsync(cancellationToken);

    // Numbers die with the process, and so do the batches.
    public bool TryRenumber(Numbering numbering) => true;

    public void Settle(PackedBatch packed) => buffer.Release(packed);
}
