using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>How a <see cref="MetricBatchSender"/> introduces itself and how patient it is.</summary>
public sealed class MetricBatchSenderOptions
{
    /// <summary>
    /// Who the producer is: the same across restarts and unique among producers, or batches are taken for each other's. 1 to 255
    /// characters. No default.
    /// </summary>
    [Required, StringLength(255, MinimumLength = 1)]
    public required string ProducerId { get; init; }

    /// <summary>What it is, for people; at most 255 characters. Default: empty.</summary>
    [StringLength(255)]
    public string Description { get; init; } = "";

    /// <summary>Name sent as <c>threatlens-caller</c>; default: <see cref="ProducerId"/>. What is not printable ASCII arrives as <c>?</c>.</summary>
    public string? Caller { get; init; }

    /// <summary>Wait before the first reconnect, before jitter; doubles each time without progress. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan InitialReconnectDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait that doubling leads to; at least <see cref="InitialReconnectDelay"/>. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan MaxReconnectDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Most batches held in memory without an acknowledgement, 1 to 10,000; the service's own bound applies when it is lower. The
    /// source is not asked for more until one is acknowledged. Default 32.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxUnacknowledgedBatches { get; init; } = 32;
}
