namespace ThreatLens.Maintenance.Retention;

/// <summary>What is kept of one table, as a request names it.</summary>
public sealed record RetentionPolicy
{
    /// <summary>Name of the table.</summary>
    public required string Table { get; init; }

    /// <summary>Rows older than this go. 1 min to 36,500 days, or zero with <see cref="ConfirmsEverything"/>; null: no limit by age.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>Rows beyond the newest so many go. 1 to 10^12; null: no limit by number.</summary>
    public long? MaxRows { get; init; }

    /// <summary>Confirms a <see cref="MaxAge"/> of zero, by which every row up to now goes. Default false.</summary>
    public bool ConfirmsEverything { get; init; }
}

/// <summary>What a cleanup is asked to do.</summary>
public sealed record CleanupCommand
{
    /// <summary>Policies in place of the configured ones, at most one per table. Default: none.</summary>
    public IReadOnlyList<RetentionPolicy> Policies { get; init; } = [];

    /// <summary>Only these tables; empty: all that have a policy. Default: empty.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>Bytes the database may use, in place of the configured limit. 1 MiB to 256 TiB; null: as configured.</summary>
    public long? MaxDatabaseBytes { get; init; }

    /// <summary>The etag of a plan: runs only if that still holds, with the moments frozen in it; null: whatever is right now.</summary>
    public string? Etag { get; init; }

    /// <summary>Works with next to no free space: smallest transactions, oldest first, the write-ahead log emptied after each. Default false.</summary>
    public bool IsEmergency { get; init; }

    /// <summary>A cleanup that did not end, to go on with; null: a new one. With it only <see cref="IsEmergency"/> may be set besides.</summary>
    public string? ResumeOperationId { get; init; }

    /// <summary>The caller has looked at the clock: signs that it was set back are no reason to refuse, and once the cleanup has begun those on
    /// record are none for later ones either. Default false.</summary>
    public bool AcceptsClock { get; init; }
}
