namespace ThreatLens.Maintenance.Retention;

/// <summary>What a cleanup would delete. Nothing was deleted for it.</summary>
public sealed record CleanupPlan
{
    /// <summary>Per table, in the order they are gone through; tables without a policy are left out.</summary>
    public required IReadOnlyList<TableCleanup> Tables { get; init; }

    /// <summary>The moment that all ages are counted from, UTC; the etag carries it back.</summary>
    public required DateTimeOffset PlannedAt { get; init; }

    /// <summary>How long it would take at the present ingest load.</summary>
    public required TimeSpan EstimatedDuration { get; init; }

    /// <summary>Binds the schema, the policies, the holds and <see cref="PlannedAt"/>, never row counts.</summary>
    public required string Etag { get; init; }

    /// <summary>Ids of the holds in force.</summary>
    public required IReadOnlyList<string> HoldIds { get; init; }

    /// <summary>Bytes in use now: pages that are not free, times their size.</summary>
    public required long UsedBytes { get; init; }

    /// <summary>Bytes the database may use; null: no limit.</summary>
    public long? MaxDatabaseBytes { get; init; }
}

/// <summary>What a cleanup would delete, or deleted, of one table.</summary>
public sealed record TableCleanup
{
    /// <summary>Name of the table.</summary>
    public required string Table { get; init; }

    /// <summary>Rows older than this go, UTC; null: no policy by age or number applies.</summary>
    public DateTimeOffset? Cutoff { get; init; }

    /// <summary>Rows that go, or went.</summary>
    public long Rows { get; init; }

    /// <summary>Whether <see cref="Rows"/> is an estimate: by size nobody knows before how many it takes.</summary>
    public bool IsEstimated { get; init; }

    /// <summary>Their size with their index entries, bytes, estimated from a sample.</summary>
    public long Bytes { get; init; }

    /// <summary>Time of the oldest, UTC; null when there is none with a readable time.</summary>
    public DateTimeOffset? Oldest { get; init; }

    /// <summary>Time of the newest, UTC.</summary>
    public DateTimeOffset? Newest { get; init; }

    /// <summary>Ids of the first of them, at most 10.</summary>
    public IReadOnlyList<string> SampleIds { get; init; } = [];

    /// <summary>Rows that are old enough and stay because a hold pins them.</summary>
    public long HeldRows { get; init; }

    /// <summary>Of <see cref="Rows"/>, those whose event was gone.</summary>
    public long Orphans { get; init; }

    /// <summary>Rows whose time is missing or no timestamp, as far as they were met: they are never old.</summary>
    public long UnreadableRows { get; init; }

    /// <summary>Why the table was left out; empty: it was not.</summary>
    public string Skipped { get; init; } = "";
}

/// <summary>What a cleanup did; with a resumed one, in all.</summary>
public sealed record CleanupResult
{
    /// <summary>Per table, in the order they were gone through.</summary>
    public required IReadOnlyList<TableCleanup> Tables { get; init; }

    /// <summary>Bytes in use afterwards.</summary>
    public long UsedBytes { get; init; }

    /// <summary>Bytes of free pages afterwards: new rows use them, a space return gives them back.</summary>
    public long FreeBytes { get; init; }

    /// <summary>Transactions it took.</summary>
    public long Chunks { get; init; }

    /// <summary>The cleanup this one went on with; null: none.</summary>
    public string? ResumedOperationId { get; init; }
}
