namespace ThreatLens.Maintenance.Backups;

/// <summary>Which backup to put in place, and what the caller is ready to lose.</summary>
public sealed record RestoreCommand
{
    /// <summary>Name of the backup.</summary>
    public required string BackupName { get; init; }

    /// <summary>
    /// Most rows newer than the backup that may be lost, 0 or more; null: none, and no table whose rows cannot be counted.
    /// </summary>
    public long? MaxRowsLost { get; init; }

    /// <summary>The <see cref="RestorePlan.Etag"/> that must still hold; null: whatever is right now.</summary>
    public string? Etag { get; init; }
}

/// <summary>What a restore would do.</summary>
/// <param name="Backup">The backup. It was read and is sound, which is not written down.</param>
/// <param name="RowsLost">Rows of the present database that the backup does not have, or has with other values.</param>
/// <param name="UnreadableTables">Tables of the present database that are too damaged to be counted.</param>
/// <param name="Etag">Binds the backup and the present schema, never row counts.</param>
public sealed record RestorePlan(Backup Backup, long RowsLost, IReadOnlyList<string> UnreadableTables, string Etag);

/// <summary>What a restore did.</summary>
/// <param name="Backup">The backup now in place.</param>
/// <param name="RowsLost">Rows that the database had and the backup has not, or has with other values.</param>
/// <param name="UnreadableTables">Tables that were too damaged to be counted.</param>
/// <param name="ReplacedPath">Absolute path of a file with what the database was.</param>
public sealed record RestoreResult(Backup Backup, long RowsLost, IReadOnlyList<string> UnreadableTables, string ReplacedPath);
