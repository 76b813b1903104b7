namespace ThreatLens.Maintenance.Backups.Drills;

/// <summary>What a restore drill would do.</summary>
/// <param name="Backup">The backup that would be rehearsed.</param>
/// <param name="RequiredBytes">Bytes that must be free where backups go.</param>
/// <param name="AvailableBytes">Bytes that are.</param>
public sealed record RestoreDrillPlan(Backup Backup, long RequiredBytes, long AvailableBytes);

/// <summary>What a restore drill found.</summary>
/// <param name="Backup">The backup rehearsed.</param>
/// <param name="RecoveryDuration">How long the backup took to become a database again: verified, copied, and on disk.</param>
/// <param name="Passed">Whether the restored copy passed every check.</param>
/// <param name="Problems">What failed; empty when it passed.</param>
public sealed record RestoreDrillResult(Backup Backup, TimeSpan RecoveryDuration, bool Passed, IReadOnlyList<string> Problems);

/// <summary>A drill as it is remembered.</summary>
/// <param name="OperationId">The operation it was.</param>
/// <param name="BackupName">The backup rehearsed.</param>
/// <param name="EndedAt">When it ended, UTC.</param>
/// <param name="RecoveryDuration">How long recovery took.</param>
/// <param name="Passed">Whether every check was passed.</param>
/// <param name="Problems">What failed; empty when it passed.</param>
public sealed record StoredDrill(string OperationId, string BackupName, DateTimeOffset EndedAt, TimeSpan RecoveryDuration, bool Passed, IReadOnlyList<string> Problems);

/// <summary>The drills that matter.</summary>
/// <param name="Last">The last one; null: there was none.</param>
/// <param name="LastPassed">The last one that passed; null: none did.</param>
public sealed record LastDrills(StoredDrill? Last, StoredDrill? LastPassed);
