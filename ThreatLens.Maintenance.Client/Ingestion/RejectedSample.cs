using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>A sample that the service refused. The rest of its batch is stored; sending this one again would not help.</summary>
/// <param name="Sample">The sample as it was sent.</param>
/// <param name="Batch">Number of its batch.</param>
/// <param name="Index">Its index there, from 0.</param>
/// <param name="Field">The field at fault, such as <c>metric_value</c>.</param>
/// <param name="Reason">What is wrong with it, and what would be right.</param>
public sealed record RejectedSample(MetricSample Sample, long Batch, int Index, string Field, string Reason);

/// <summary>What became of samples between a flush and its completion, those of others included that were settled meanwhile.</summary>
/// <param name="Acknowledged">Known to be stored.</param>
/// <param name="Rejected">Refused by the service.</param>
/// <param name="Dropped">Given up.</param>
public readonly record struct MetricFlush(long Acknowledged, long Rejected, long Dropped)
{
    /// <summary>Whether nothing was refused or given up.</summary>
    public bool IsComplete => Rejected == 0 && Dropped == 0;
}
