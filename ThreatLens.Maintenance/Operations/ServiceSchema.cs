using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Maintenance.Operations;

/// <summary>
/// The service's own tables (operations, producers, positions, rollups, holds, cleanups, schedules), on a track of their own beside the product's migrations: created before
/// the first operation, upgraded silently in one transaction, never listed, targeted or removed by Migrate and Rollback.
/// </summary>
public sealed class ServiceSchema(SqliteDatabase database, MigrationEngine migrations, TimeProvider time)
{
    private static readonly string[] Upgrades =
    [
        """
        CREATE TABLE IF NOT EXISTS maintenance_schema(id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, updated_at TEXT NOT NULL);
        CREATE TABLE maintenance_operations(
            id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, caller TEXT NOT NULL, caller_verified INTEGER NOT NULL,
            request_id TEXT NULL, request_digest TEXT NOT NULL, created_at TEXT NOT NULL, started_at TEXT NULL, ended_at TEXT NULL,
            trace_id TEXT NULL, process TEXT NOT NULL, progress TEXT NOT NULL, failure TEXT NULL, result TEXT NULL) WITHOUT ROWID;
        CREATE UNIQUE INDEX idx_maintenance_operations_request ON maintenance_operations(caller, kind, request_id) WHERE request_id IS NOT NULL;
        CREATE INDEX idx_maintenance_operations_state ON maintenance_operations(state, id);
        CREATE TABLE maintenance_producers(
            producer_id TEXT NOT NULL PRIMARY KEY, description TEXT NOT NULL, last_sequence INTEGER NOT NULL, updated_at TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE maintenance_source_positions(
            producer_id TEXT NOT NULL, source_name TEXT NOT NULL, path TEXT NOT NULL, position INTEGER NOT NULL, position_token TEXT NOT NULL,
            updated_at TEXT NOT NULL, PRIMARY KEY(producer_id, source_name)) WITHOUT ROWID;
        """,
        // Minutes since 1970, microseconds since 1970. No row of processing_metrics is summed up yet: all ids are pending.
        """
        CREATE TABLE maintenance_metric_rollups(
            minute INTEGER NOT NULL, source_name TEXT NOT NULL, metric_type TEXT NOT NULL, samples INTEGER NOT NULL, non_numeric INTEGER NOT NULL,
            total REAL NOT NULL, least REAL NULL, largest REAL NULL, last REAL NULL, last_at INTEGER NULL, last_id INTEGER NULL,
            PRIMARY KEY(minute, source_name, metric_type)) WITHOUT ROWID;
        CREATE TABLE maintenance_rollup_pending(first_id INTEGER NOT NULL PRIMARY KEY, last_id INTEGER NOT NULL);
        INSERT INTO maintenance_rollup_pending(first_id, last_id) VALUES (-9223372036854775808, 9223372036854775807);
        """,
        // Retention: what is pinned, and how far each cleanup is.
        """
        CREATE TABLE maintenance_holds(
            id TEXT NOT NULL PRIMARY KEY, range_start TEXT NULL, range_end TEXT NULL, source_name TEXT NULL, event_id TEXT NULL, reason TEXT NOT NULL,
            created_by TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT NULL) WITHOUT ROWID;
        CREATE TABLE maintenance_cleanups(
            operation_id TEXT NOT NULL PRIMARY KEY, scope TEXT NOT NULL, cutoffs TEXT NOT NULL, tally TEXT NOT NULL, rows INTEGER NOT NULL,
            busy_ms INTEGER NOT NULL, updated_at TEXT NOT NULL) WITHOUT ROWID;
        """,
        // How the database was (microseconds since 1970), and which backups were found to be restorable.
        """
        CREATE TABLE maintenance_health_samples(
            at INTEGER NOT NULL PRIMARY KEY, database_bytes INTEGER NOT NULL, free_bytes INTEGER NOT NULL, wal_bytes INTEGER NOT NULL, disk_free_bytes INTEGER NULL,
            metric_rows INTEGER NULL, event_rows INTEGER NULL, notification_rows INTEGER NULL, rows_error REAL NOT NULL, overall TEXT NOT NULL, sections TEXT NOT NULL,
            findings TEXT NOT NULL);
        CREATE TABLE maintenance_restore_drills(
            operation_id TEXT NOT NULL PRIMARY KEY, backup_name TEXT NOT NULL, ended_at TEXT NOT NULL, recovery_ms REAL NOT NULL, passed INTEGER NOT NULL,
            problems TEXT NOT NULL) WITHOUT ROWID;
        """,
        // Schedules: up to when each is settled, what is open, how it went, whether it is paused. The last integrity check of each depth.
        """
        CREATE TABLE maintenance_schedules(
            name TEXT NOT NULL PRIMARY KEY, rhythm TEXT NOT NULL, settled_until TEXT NOT NULL, open_due TEXT NULL, open_process TEXT NULL,
            last_time TEXT NULL, last_operation_id TEXT NULL, last_outcome TEXT NULL, last_detail TEXT NULL,
            missed_runs INTEGER NOT NULL DEFAULT 0, last_missed_at TEXT NULL, last_missed_reason TEXT NULL,
            paused_at TEXT NULL, paused_by TEXT NULL, pause_reason TEXT NULL, paused_until TEXT NULL) WITHOUT ROWID;
        CREATE TABLE maintenance_integrity_checks(
            depth TEXT NOT NULL PRIMARY KEY, finished_at TEXT NOT NULL, duration_ms REAL NOT NULL, problems TEXT NOT NULL, operation_id TEXT NOT NULL) WITHOUT ROWID;
        """,
        // How regularly metrics of a source came in before it fell silent: minutes since 1970, minutes.
        """
        CREATE TABLE maintenance_source_rhythms(
            source_name TEXT NOT NULL PRIMARY KEY, last_minute INTEGER NOT NULL, normal_pause INTEGER NULL, pauses INTEGER NOT NULL) WITHOUT ROWID;
        """,
        // What is on record of times that were still to come when somebody said that the clock is right.
        """
        CREATE TABLE maintenance_clock_acceptances(
            kind TEXT NOT NULL, id TEXT NOT NULL, recorded_at TEXT NOT NULL, accepted_at TEXT NOT NULL, accepted_by TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
        """,
    ];

    /// <summary>The version this service writes: how many upgrades there are.</summary>
    public static int LatestVersion => Upgrades.Length;

    /// <summary>Makes sure that the tables are there and that this service may write to the database.</summary>
    /// <param name="mayCreateDatabase">Whether a missing file is created, or an error.</param>
    /// <param name="cancellationToken">Gives up waiting for other writers.</param>
    /// <exception cref="MaintenanceException">
    /// The database cannot be written, is newer than this service, or is missing. It is unchanged then.
    /// </exception>
    public void Ensure(bool mayCreateDatabase, CancellationToken cancellationToken)
    {
        // The status comes first: it knows of a directory that is missing, which no Migrate creates.
        if (!RefuseNewer(cancellationToken).DatabaseExists && !mayCreateDatabase)
            throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.DatabaseMissing, $"The database {database.Path} does not exist yet: run Migrate first.");
        if (ReadVersion() < LatestVersion)
            SqliteSession.Write(database, "preparing the service's own tables", Upgrade, cancellationToken);
    }

    /// <summary>Reads where the schema stands, and refuses a database that a newer service has changed on either track. Changes nothing.</summary>
    /// <param name="cancellationToken">Looked at before reading.</param>
    /// <exception cref="MaintenanceException">DATABASE_NEWER_THAN_SERVICE, or the database cannot be read.</exception>
    public SchemaStatus RefuseNewer(CancellationToken cancellationToken)
    {
        var status = migrations.GetStatus(cancellationToken);
        if (status.IsNewerThanService)
            throw Newer("it holds migrations that this one does not know");
        if (ReadVersion() is var version && version > LatestVersion)
            throw Newer($"its maintenance_schema has version {version}, this one knows {LatestVersion}");
        return status;
    }

    /// <summary>The version found in the database: 0 when the tables, or the file, are not there.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    public int ReadVersion() =>
        database.FileExists ? SqliteSession.Read(database, "reading the version of the service's own tables", ReadVersion) : 0;

    private int Upgrade(SqliteSession session)
    {
        // Another process may have been faster: read again, now that nobody else can write.
        foreach (var upgrade in Upgrades.Skip(ReadVersion(session)))
            session.Execute(upgrade);
        session.Execute(
            "INSERT OR REPLACE INTO maintenance_schema(id, version, updated_at) VALUES (1, $version, $now)",
            ("$version", LatestVersion),
            ("$now", SqliteTimestamp.Format(time.GetUtcNow())));
        return LatestVersion;
    }

    private MaintenanceException Newer(string how) => new(
        ErrorKind.FailedPrecondition, ErrorReasons.DatabaseNewer, $"The database {database.Path} was changed by a newer version of this service ({how}); run that version, with the folder of migrations that it had (Maintenance:Migrations:Path). Nothing was changed.");

    private static int ReadVersion(SqliteSession session) => session.HasTable("maintenance_schema")
        ? session.Query("SELECT version FROM maintenance_schema WHERE id = 1", row => row.GetInt32(0)).SingleOrDefault()
        : 0;
}
