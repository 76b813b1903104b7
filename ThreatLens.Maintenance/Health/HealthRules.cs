using System.Reflection;

namespace ThreatLens.Maintenance.Health;

/// <summary>
/// Every rule of the report by name. docs/operations.md says what each means and which setting of <see cref="HealthOptions"/> is its threshold; what
/// breaks none of them, and was looked at, is fine.
/// </summary>
public static class HealthRules
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<HealthRule> All =>
        [.. typeof(HealthRules).GetFields(BindingFlags.Static | BindingFlags.NonPublic).Select(f => f.GetValue(null)).OfType<HealthRule>()];

    // Whatever the section.
    internal static readonly HealthRule Unavailable = new("database.unavailable", "See the reason in docs/operations.md.");

    internal static readonly HealthRule Pending = new("schema.pending", "Apply them.", "threatlens migrate", "Migrate");
    internal static readonly HealthRule Unfinished = new("schema.unfinished", "Mend what stopped it, then finish it.", "threatlens migrate --to VERSION", "Migrate");
    internal static readonly HealthRule NotAdopted = new("schema.not_adopted", "Adopt them.", "threatlens migrate", "Migrate");
    internal static readonly HealthRule Newer = new("schema.newer", "Run the newer version of this service.");
    internal static readonly HealthRule Changed = new("schema.changed", "Find out which script is right; if it is this service's, re-align the history.", "threatlens repair --realign VERSION", "Repair");
    internal static readonly HealthRule Drift = new("schema.drift", "Recreate what is missing or different; no value is lost.", "threatlens repair", "Repair");
    internal static readonly HealthRule DriftByHand = new("schema.drift_by_hand", "Repair cannot mend it without loss; 'threatlens validate' shows the definitions.");

    internal static readonly HealthRule Damaged = new("integrity.damaged", "Stop writing to the database and restore the newest backup; when that is refused, it says how many rows written since would be lost, and --max-rows-lost allows it.", "threatlens restore BACKUP --max-rows-lost 0", "Restore");

    internal static readonly HealthRule DiskNearlyFull = new("storage.disk_nearly_full", "Free space on the disk, or move the database to a larger one.");
    internal static readonly HealthRule BudgetNearlyFull = new("storage.budget_nearly_full", "Delete what the policies no longer keep. If that is not enough, raise Maintenance:Database:MaxBytes, or keep less (Maintenance:Retention).", "threatlens cleanup", "Cleanup");
    internal static readonly HealthRule FullSoon = new("storage.full_soon", "Keep less (Maintenance:Retention), or find more room, before it is full.");
    internal static readonly HealthRule FreePages = new("storage.free_pages", "Give the free pages back to the disk.", "threatlens optimize", "Optimize");
    internal static readonly HealthRule WalLarge = new("storage.wal_large", "Find who reads in one long transaction and end it; then move the log into the database.", "threatlens optimize", "Optimize");

    internal static readonly HealthRule SchemaNotReady = new("ingest.schema_not_ready", "Migrate to 001_add_realtime_tables or later; when that has been done, repair what is missing of it.", "threatlens migrate", "Migrate");
    internal static readonly HealthRule Failing = new("ingest.failing", "See the reason in docs/operations.md; producers keep what is not stored.");
    internal static readonly HealthRule IngestSilent = new("ingest.silent", "Look whether the ingest services run.");
    internal static readonly HealthRule IngestSlow = new("ingest.slow", "Look at the disk and at what else writes; see \"Slow, step by step\" in docs/operations.md.");
    internal static readonly HealthRule QueueFull = new("ingest.queue_full", "Fewer samples, or a faster disk: producers wait already.");
    internal static readonly HealthRule Rejected = new("ingest.rejected", "Mend the producer; the acknowledgements name entry, field and reason.");

    internal static readonly HealthRule SourceError = new("log_sources.error", "Make the file readable, or switch the source off.", "threatlens log-source disable NAME", "SetLogSourceEnabled");
    internal static readonly HealthRule SourceUnwatched = new("log_sources.unwatched", "Look whether its ingest service runs, or switch the source off.", "threatlens log-source disable NAME", "SetLogSourceEnabled");
    internal static readonly HealthRule SourceSilent = new("log_sources.silent", "Look whether it still writes, or switch the source off.", "threatlens log-source disable NAME", "SetLogSourceEnabled");

    internal static readonly HealthRule Backlog = new("processing.backlog", "Look whether the notification service runs.");
    internal static readonly HealthRule NotificationsFailing = new("notifications.failing", "Look at the failing channel; 'threatlens notification-metrics' shows which.");

    internal static readonly HealthRule Defects = new("errors.internal", "The service's log has the traces.");
    internal static readonly HealthRule ErrorRate = new("errors.rate", "Look at the errors per reason; the service's log has the traces.");

    internal static readonly HealthRule SlowStatements = new("performance.slow_statements", "See \"Slow, step by step\" in docs/operations.md; 'threatlens index-advice --refresh' tells which index would help.");
    internal static readonly HealthRule PlanRegression = new("performance.plan_regression", "Refresh the query planner's statistics.", "threatlens optimize", "Optimize");

    internal static readonly HealthRule NoBackup = new("backups.none", "Take one.", "threatlens backup", "Backup");
    internal static readonly HealthRule BackupOld = new("backups.old", "Take one, and schedule them.", "threatlens backup", "Backup");
    internal static readonly HealthRule BackupFailed = new("backups.failed", "Mend what the evidence says, then take one.", "threatlens backup", "Backup");
    internal static readonly HealthRule BackupUnverified = new("backups.unverified", "Take one: it is verified before it counts.", "threatlens backup", "Backup");
    internal static readonly HealthRule BackupsUnreadable = new("backups.unreadable", "Mount the directory, or let the service read and write it.");
    internal static readonly HealthRule NotRehearsed = new("backups.not_rehearsed", "Restore the newest one aside.", "threatlens restore-drill", "RunRestoreDrill");

    internal static readonly HealthRule DrillFailed = new("backups.drill_failed", "Take another backup and rehearse that one; see \"Restoring\" in docs/operations.md.", "threatlens backup", "Backup");

    internal static readonly HealthRule OperationFailed = new("operations.failed", "Mend what the evidence says, then run it again.");
    internal static readonly HealthRule OperationStalled = new("operations.stalled", "Look at its trace; cancel it if it hangs.", "threatlens operations cancel ID", "CancelOperation");

    internal static readonly HealthRule ScheduleMissed = new("operations.schedule_missed", "Mend what the evidence says, then run it now.", "threatlens schedule run NAME", "RunSchedule");
    internal static readonly HealthRule ScheduleFailed = new("operations.schedule_failed", "Mend what the evidence says, then run it now.", "threatlens schedule run NAME", "RunSchedule");

    internal static readonly HealthRule Behind = new("retention.behind", "Run a cleanup, and schedule them.", "threatlens cleanup", "Cleanup");
    internal static readonly HealthRule OverSize = new("retention.over_size", "Run a cleanup, or raise Maintenance:Retention:MaxDatabaseBytes.", "threatlens cleanup", "Cleanup");
    internal static readonly HealthRule ClockSetBack = new("retention.clock_set_back", "Set the clock right; if it is, say so with one cleanup. Cleanups are refused until then.", "threatlens cleanup --accept-clock", "Cleanup");
}
