using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>Moves the write-ahead log into the file at moments of our choosing, never as a side effect of a commit.</summary>
internal static class WalCheckpoint
{
    private const int ShortWait = 20;

    /// <summary>From now on this connection's commits move nothing by themselves: that would happen while writers wait.</summary>
    public static void OnlyWhenAsked(SqliteConnection connection) => raw.sqlite3_wal_autocheckpoint(connection.Handle, 0);

    /// <summary>Moves what can be moved, holding up nobody.</summary>
    /// <returns>Pages in the log, moved or not.</returns>
    public static int Passive(SqliteConnection connection)
    {
        _ = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out var log, out _);
        return log;
    }

    /// <summary>
    /// Moves everything and empties the log, in a turn that is short because all but what was written a moment ago is moved before it. Somebody
    /// who still reads from the log keeps it from being emptied; he is not waited for.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before the turn came.</exception>
    public static void Empty(SqliteDatabase database, SqliteConnection connection, WriteTurns turns, CancellationToken cancellationToken)
    {
        // The second time moves what was written during the first.
        Passive(connection);
        Passive(connection);
        turns.Take(() => Truncate(connection, database.BusyTimeout), cancellationToken);
    }

    private static void Truncate(SqliteConnection connection, TimeSpan busyTimeout)
    {
        _ = raw.sqlite3_busy_timeout(connection.Handle, ShortWait);
        _ = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _);
        _ = raw.sqlite3_busy_timeout(connection.Handle, (int)busyTimeout.TotalMilliseconds);
    }
}
