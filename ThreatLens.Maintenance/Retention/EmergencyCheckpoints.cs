using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Retention;

/// <summary>What a cleanup does by itself to the write-ahead log, where the disk is nearly full and the checkpointer would come too late.</summary>
internal static class EmergencyCheckpoints
{
    // SQLITE_CHECKPOINT_NOOP of sqlite3.h (3.51): tells the log's length and does nothing.
    private const int Noop = -1;

    /// <summary>Pages in the log.</summary>
    public static int Pages(SqliteConnection writer)
    {
        _ = raw.sqlite3_wal_checkpoint_v2(writer.Handle, "main", Noop, out var logged, out _);
        return Math.Max(0, logged);
    }

    /// <summary>
    /// Empties the log as far as readers permit; in a turn of the write gate. One that could not be emptied loses nothing, and the next call tries again.
    /// </summary>
    public static void Empty(SqliteDatabase database, SqliteConnection writer)
    {
        // Nobody behind the gate is to wait for a reader that stays in an old snapshot.
        _ = raw.sqlite3_busy_timeout(writer.Handle, 0);
        _ = raw.sqlite3_wal_checkpoint_v2(writer.Handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _);
        _ = raw.sqlite3_busy_timeout(writer.Handle, (int)database.BusyTimeout.TotalMilliseconds);
    }
}
