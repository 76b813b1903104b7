namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>
/// A snapshot of a <see cref="MetricSender"/>, for health checks and logs. Samples are counted since the process began: those added and those
/// recovered are acknowledged, rejected, dropped or unacknowledged, and nothing else.
/// </summary>
public sealed record MetricSenderState
{
    /// <summary>Where it stands with the service.</summary>
    public required MetricSenderConnection Connection { get; init; }

    /// <summary>Samples that Add took or dropped; those it threw an exception for are not counted.</summary>
    public required long Added { get; init; }

    /// <summary>Samples of an earlier run that were found in the spool, not known to be stored.</summary>
    public required long Recovered { get; init; }

    /// <summary>Samples known to be stored.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Samples that the service refused for good.</summary>
    public required long Rejected { get; init; }

    /// <summary>Samples that were given up.</summary>
    public required long Dropped { get; init; }

    /// <summary>Samples of which nothing else is known yet.</summary>
    public long Unacknowledged => Added + Recovered - Acknowledged - Rejected - Dropped;

    /// <summary>Batches under way on the stream; never above the window.</summary>
    public required int UnacknowledgedBatches { get; init; }

    /// <summary>Number of the last batch known to be stored; 0 before the first welcome.</summary>
    public required long LastAcknowledgedBatch { get; init; }

    /// <summary>Streams opened after the first one.</summary>
    public required long Reconnects { get; init; }

    /// <summary>Why the last stream ended; null when none has.</summary>
    public required string? LastError { get; init; }

    /// <summary>Bytes of the spool's files; 0 without a spool.</summary>
    public required long SpoolBytes { get; init; }

    /// <summary>Why the spool cannot be written, so that metrics are in memory only; null when it can, or there is none.</summary>
    public required string? SpoolFailure { get; init; }
}
