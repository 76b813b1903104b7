using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>Moves the write-ahead log into the file at moments of our choosing, never as a side effect of a commit.</summary>
internal static class WalCheckpoint
{
    private const int ShortWait = 20;

    /// <summary>From now on this connection's commits move nothing by themselves: that would happen while writers wait.</summary>
    public static void OnlyWhenAsked(SqliteConnection connection) => raw.sqlite3_wal_autocheckpoint(connection.Handle, 0);

    /// <summary>Moves what can be moved, holding up nobody.</summary>
    public static void Passive(SqliteConnection connection) => raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);

    /// <summary>
    /// Moves the rest and empties the log; to be called in a turn, after <see cref="Passive"/>, so that the rest is small. Somebody who still
    /// reads from the log keeps it from that; he is not waited for.
    /// </summary>
    public static void Truncate(SqliteConnection connection, TimeSpan busyTimeout)
    {
        _ = raw.sqlite3_busy_timeout(connection.Handle, ShortWait);
        _ = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _);
        _ = raw.sqlite3_busy_timeout(connection.Handle, (int)busyTimeout.TotalMilliseconds);
    }
}
