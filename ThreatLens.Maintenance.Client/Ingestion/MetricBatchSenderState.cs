namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>Where a sender stands with the service.</summary>
public enum MetricSenderConnection
{
    /// <summary>Not running: not started yet, finished or cancelled.</summary>
    Stopped,

    /// <summary>Calling the service, or waiting for its welcome.</summary>
    Connecting,

    /// <summary>Welcomed: batches flow.</summary>
    Connected,

    /// <summary>Waiting before the next attempt; <see cref="MetricBatchSenderState.LastError"/> says why.</summary>
    WaitingToReconnect,

    /// <summary>Waiting, because another process with the same producer id took the stream over.</summary>
    Replaced,
}

/// <summary>A snapshot of a sender, for health checks and logs.</summary>
public sealed record MetricBatchSenderState
{
    /// <summary>Where it stands with the service.</summary>
    public required MetricSenderConnection Connection { get; init; }

    /// <summary>Number of the last batch known to be stored; 0 before the first welcome of a new producer.</summary>
    public required long LastAcknowledged { get; init; }

    /// <summary>Batches taken from the source and not known to be stored; never above the window.</summary>
    public required int Unacknowledged { get; init; }

    /// <summary>Streams opened after the first one.</summary>
    public required long Reconnects { get; init; }

    /// <summary>Entries the service refused for good.</summary>
    public required long Rejected { get; init; }

    /// <summary>Why the last stream ended; null when none has.</summary>
    public required string? LastError { get; init; }
}
