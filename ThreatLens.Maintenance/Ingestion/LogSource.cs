namespace ThreatLens.Maintenance.Ingestion;

/// <summary>A row of <c>log_sources</c>.</summary>
public sealed record LogSource
{
    /// <summary>Unique name.</summary>
    public required string SourceName { get; init; }

    /// <summary>Unique path.</summary>
    public required string Path { get; init; }

    /// <summary>Whether it is to be watched. A NULL of the original counts as enabled, its default.</summary>
    public required bool IsEnabled { get; init; }

    /// <summary>Status as stored; one of <see cref="LogSourceStatus"/> or whatever others wrote.</summary>
    public required string Status { get; init; }

    /// <summary>When it was last watched, UTC; null when never or unreadable.</summary>
    public DateTimeOffset? LastMonitoredAt { get; init; }

    /// <summary>When it was registered, UTC; null when that cannot be read.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Size of the file, bytes.</summary>
    public long FileSize { get; init; }

    /// <summary>Bytes processed.</summary>
    public long LastOffset { get; init; }

    /// <summary>What is wrong with it; null when nothing is.</summary>
    public string? ErrorMessage { get; init; }
}

/// <summary>The values of <c>log_sources.status</c> that this service writes; the first two and the third are the original's.</summary>
public static class LogSourceStatus
{
    /// <summary>Being watched.</summary>
    public const string Active = "active";

    /// <summary>Not being watched.</summary>
    public const string Inactive = "inactive";

    /// <summary>Cannot be read.</summary>
    public const string Error = "error";

    /// <summary>Not watched on purpose.</summary>
    public const string Paused = "paused";
}
