using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>What the service refused of a batch. The rest of the batch is stored; sending these again would not help.</summary>
/// <param name="Batch">The batch as it was sent.</param>
/// <param name="Rejections">Which entries, and why.</param>
public sealed record RejectedEntries(MetricBatch Batch, IReadOnlyList<Rejection> Rejections);
