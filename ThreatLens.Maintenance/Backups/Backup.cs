namespace ThreatLens.Maintenance.Backups;

/// <summary>A backup of the database: one self-contained SQLite file in the backup directory.</summary>
public sealed record Backup
{
    /// <summary>Its file name, unique in the directory: <c>DATABASE-YYYYMMDD-HHMMSSfff-VERSION.db</c>, UTC.</summary>
    public required string Name { get; init; }

    /// <summary>When its copy began, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Size of the file, bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The schema version it holds; empty when no migration was applied.</summary>
    public required string SchemaVersion { get; init; }

    /// <summary>When it last passed every check, UTC; null when its side file, which tells, is missing.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>The operation that took it; empty when unknown.</summary>
    public string OperationId { get; init; } = "";
}

/// <summary>What taking a backup would do.</summary>
/// <param name="Bytes">Bytes it would take, at most.</param>
/// <param name="AvailableBytes">Bytes free where it would go.</param>
/// <param name="RemovedNames">Backups that would be removed, oldest first.</param>
public sealed record BackupPlan(long Bytes, long AvailableBytes, IReadOnlyList<string> RemovedNames);

/// <summary>What taking a backup did.</summary>
/// <param name="Backup">The verified backup.</param>
/// <param name="RemovedNames">Backups removed to keep the newest ones only, oldest first.</param>
public sealed record BackupResult(Backup Backup, IReadOnlyList<string> RemovedNames);
