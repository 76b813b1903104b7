using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion.Buffering;

/// <summary>A batch and its place in the order in which a sender's batches were packed.</summary>
/// <param name="Position">Its place: 1 and up without gaps; continues after a restart where a spool remembers it.</param>
/// <param name="Batch">The samples; empty for a batch that was lost and whose place has to be filled.</param>
internal sealed record PackedBatch(long Position, MetricBatch Batch)
{
    /// <summary>How many samples it has.</summary>
    public int Samples => Batch.Samples.Count;

    /// <summary>Samples that were lost up to this place, before they could be sent.</summary>
    public long Lost { get; init; }

    /// <summary>Samples and bytes that the buffer counts for it until it is settled or written to a file; 0 when it came from a file.</summary>
    public (int Samples, long Bytes) Held { get; set; }
}
