using System.Text.Json;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Backups.Drills;

/// <summary>The table of restore drills, on the service's own track. Thread-safe: every call is a transaction of its own.</summary>
public sealed class RestoreDrillStore(SqliteDatabase database)
{
    private const int Keep = 100;
    private const string Columns = "operation_id, backup_name, ended_at, recovery_ms, passed, problems";

    /// <summary>The last drill, and the last one that passed.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    public LastDrills ReadLast() => !database.FileExists ? new LastDrills(null, null) : SqliteSession.Read(database, "reading restore drills", ReadLast);

    /// <inheritdoc cref="ReadLast()"/>
    internal static LastDrills ReadLast(SqliteSession session)
    {
        if (!session.HasTable("maintenance_restore_drills"))
            return new LastDrills(null, null);
        var last = session.Query($"SELECT {Columns} FROM maintenance_restore_drills ORDER BY ended_at DESC, operation_id DESC LIMIT 1", Map).SingleOrDefault();
        return new LastDrills(last, last is null or { Passed: true } ? last : session.Query(
            $"SELECT {Columns} FROM maintenance_restore_drills WHERE passed = 1 ORDER BY ended_at DESC, operation_id DESC LIMIT 1", Map).SingleOrDefault());
    }

    /// <summary>The last drill of one backup; null: it was never rehearsed, or longer ago than the last hundred drills.</summary>
    internal static StoredDrill? ReadLastOf(SqliteSession session, string backupName) => session.HasTable("maintenance_restore_drills")
        ? session.Query(
            $"SELECT {Columns} FROM maintenance_restore_drills WHERE backup_name = $name ORDER BY ended_at DESC, operation_id DESC LIMIT 1", Map, ("$name", backupName)).SingleOrDefault()
        : null;

    /// <summary>Remembers a drill; of old ones the last hundred stay, and the last one that passed.</summary>
    internal void Add(StoredDrill drill) => SqliteSession.Write(database, "recording a restore drill", session =>
    {
        session.Execute(
            $"INSERT OR REPLACE INTO maintenance_restore_drills({Columns}) VALUES ($operation, $backup, $ended, $recovery, $passed, $problems)",
            ("$operation", drill.OperationId), ("$backup", drill.BackupName), ("$ended", SqliteTimestamp.Format(drill.EndedAt)),
            ("$recovery", drill.RecoveryDuration.TotalMilliseconds), ("$passed", drill.Passed), ("$problems", JsonSerializer.Serialize(drill.Problems)));
        return session.Execute(
            """
            DELETE FROM maintenance_restore_drills
            WHERE ended_at < (SELECT ended_at FROM maintenance_restore_drills ORDER BY ended_at DESC LIMIT 1 OFFSET $keep)
                AND ended_at <> (SELECT coalesce(max(ended_at), '') FROM maintenance_restore_drills WHERE passed = 1)
            """,
            ("$keep", Keep - 1));
    });

    private static StoredDrill Map(SqliteDataReader row) => new(
        row.GetString(0), row.GetString(1), SqliteTimestamp.TryParse(row.GetString(2), out var ended) ? ended : default, TimeSpan.FromMilliseconds(row.GetDouble(3)), row.GetBoolean(4),
        JsonSerializer.Deserialize<List<string>>(row.GetString(5)) ?? []);
}
