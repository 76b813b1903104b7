using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>One checkpoint of the write-ahead log over a connection of the caller's.</summary>
internal static class WalCheckpoint
{
    // SQLITE_CHECKPOINT_NOOP of sqlite3.h (3.51): tells the log's length and does nothing.
    private const int Noop = -1;

    // A reader in an old snapshot, or a writer that is faster: more would not help.
    private const int MostPasses = 5;

    /// <summary>From now on this connection's commits move nothing by themselves: that would happen while writers wait.</summary>
    public static void OnlyWhenAsked(SqliteConnection connection) => raw.sqlite3_wal_autocheckpoint(connection.Handle, 0);

    /// <summary>Pages in the log, moved or not; null: it cannot be told now. Costs a microsecond.</summary>
    public static int? Pages(SqliteConnection connection) =>
        raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", Noop, out var logged, out _) == raw.SQLITE_OK ? Math.Max(0, logged) : null;

    /// <summary>Moves what the mode says, or as much of it as readers and writers permit.</summary>
    /// <returns>Pages in the log; how many of them are in the database; whether it did all that the mode says.</returns>
    /// <exception cref="SqliteException">Something could not be read or written. The log keeps what is in it.</exception>
    public static (int Logged, int Copied, bool IsDone) Take(SqliteConnection connection, int mode)
    {
        var code = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", mode, out var logged, out var copied);
        // Busy: a reader or a writer is in the way.
        if (code is not (raw.SQLITE_OK or raw.SQLITE_BUSY))
            throw new SqliteException(raw.sqlite3_errmsg(connection.Handle).utf8_to_string(), code & 0xff, code);
        return (logged, copied, code == raw.SQLITE_OK);
    }

    /// <summary>
    /// Moves everything and cuts the log short; in a turn of the write gate. A reader that stays in an old snapshot keeps it from that, and is not waited for.
    /// </summary>
    /// <param name="database">Whose log.</param>
    /// <param name="connection">A connection to it, not in a transaction.</param>
    /// <returns>False: somebody reads an old snapshot, or makes a checkpoint, and the log is as long as before.</returns>
    public static bool Empty(SqliteDatabase database, SqliteConnection connection)
    {
        _ = raw.sqlite3_busy_timeout(connection.Handle, 0);
        // What fails here loses nothing, and whoever empties the log tries again.
        var code = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _);
        _ = raw.sqlite3_busy_timeout(connection.Handle, (int)database.BusyTimeout.TotalMilliseconds);
        return code != raw.SQLITE_BUSY;
    }

    /// <summary>
    /// Moves, without holding anybody up, until little is left to move: what is written during one pass is moved in the next, which is shorter. A pass waits for
    /// the disk only if nothing was written during it, so that the first one alone would leave all of that wait to the turn that follows.
    /// </summary>
    /// <param name="connection">A connection, not in a transaction.</param>
    /// <param name="fewPages">How many pages may be left.</param>
    public static void UntilFewAreLeft(SqliteConnection connection, int fewPages)
    {
        for (var pass = 0; pass < MostPasses; pass++)
        {
            // What fails here loses nothing: it stays in the log.
            var code = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out _, out var copied);
            if (code != raw.SQLITE_OK || Pages(connection) - copied <= fewPages)
                return;
        }
    }
}
