using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// Keeps the write-ahead log of a cleanup short: after a transaction, outside the write gate, what has gathered is moved into the database; when
/// the log has grown long all the same, it is emptied in a turn of the gate. Not thread-safe.
/// </summary>
internal sealed class CleanupCheckpoints(SqliteDatabase database, SqliteConnection writer)
{
    private const long PassiveBytes = 8L * 1024 * 1024;
    private const long BoundBytes = 40L * 1024 * 1024;

    // SQLITE_CHECKPOINT_NOOP of sqlite3.h (3.51): tells the log's length and does nothing.
    private const int Noop = -1;

    private readonly long _pageSize = (long)writer.Pragma("page_size")!;
    private int _copied;

    /// <summary>A transaction has been committed and the gate is free.</summary>
    public void Committed(CancellationToken cancellationToken)
    {
        var logged = Checkpoint(Noop).Logged;
        if (logged < _copied)
            _copied = 0;
        if ((logged - _copied) * _pageSize < PassiveBytes)
            return;
        (logged, _copied) = Checkpoint(raw.SQLITE_CHECKPOINT_PASSIVE);
        if (logged * _pageSize < BoundBytes)
            return;
        using var turn = database.WriteGate.Enter(cancellationToken);
        Empty();
    }

    /// <summary>Empties the log as far as readers permit; in a turn of the gate.</summary>
    /// <returns>Bytes that are left in it.</returns>
    public long Empty()
    {
        // Nobody behind the gate is to wait for a reader that stays in an old snapshot.
        _ = raw.sqlite3_busy_timeout(writer.Handle, 0);
        try
        {
            (var logged, _copied) = Checkpoint(raw.SQLITE_CHECKPOINT_TRUNCATE);
            return logged * _pageSize;
        }
        finally
        {
            _ = raw.sqlite3_busy_timeout(writer.Handle, (int)database.BusyTimeout.TotalMilliseconds);
        }
    }

    /// <summary>Bytes in the log.</summary>
    public long Length() => Math.Max(0, Checkpoint(Noop).Logged) * _pageSize;

    /// <remarks>A checkpoint that could not be made loses nothing: the log keeps what is in it, and the next one moves it.</remarks>
    private (int Logged, int Copied) Checkpoint(int mode)
    {
        _ = raw.sqlite3_wal_checkpoint_v2(writer.Handle, "main", mode, out var logged, out var copied);
        return (Math.Max(0, logged), Math.Max(0, copied));
    }
}
