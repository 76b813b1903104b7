using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ThreatLens.Maintenance.Backups;

/// <summary>
/// Replaces one database's content by another's, page by page, with SQLite's own backup API: one transaction of the destination, which
/// readers and a crash see all of or nothing of. From <see cref="Begin"/> on nobody else can write the destination. Not thread-safe.
/// </summary>
internal sealed class PageCopy : IDisposable
{
    private const int PagesAStep = 2048;
    private readonly SqliteConnection _destination;
    private sqlite3_backup? _backup;

    private PageCopy(SqliteConnection destination, sqlite3_backup backup)
    {
        _destination = destination;
        _backup = backup;
    }

    /// <summary>Takes the destination's write lock; copies nothing yet, so that the source may still be changed over its own connection.</summary>
    /// <exception cref="SqliteException">The lock was not to be had within the busy timeout.</exception>
    public static PageCopy Begin(SqliteConnection source, SqliteConnection destination)
    {
        var backup = raw.sqlite3_backup_init(destination.Handle, "main", source.Handle, "main");
        if (backup.IsInvalid)
            throw Error(destination, raw.sqlite3_errcode(destination.Handle));
        var copy = new PageCopy(destination, backup);
        // No pages: the first step locks the destination, whatever it is asked to copy.
        if (raw.sqlite3_backup_step(backup, 0) is not (raw.SQLITE_OK or raw.SQLITE_DONE) and var code)
        {
            copy.Dispose();
            throw Error(destination, code);
        }

        return copy;
    }

    /// <summary>Copies everything and commits.</summary>
    /// <exception cref="SqliteException">It failed; the destination is as it was.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the destination is as it was.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        var code = raw.SQLITE_OK;
        while (code == raw.SQLITE_OK)
        {
            cancellationToken.ThrowIfCancellationRequested();
            code = raw.sqlite3_backup_step(_backup!, PagesAStep);
        }

        if (code != raw.SQLITE_DONE)
            throw Error(_destination, code);
        code = Finish();
        if (code != raw.SQLITE_OK)
            throw Error(_destination, code);
    }

    /// <summary>Without a finished <see cref="Run"/> the destination stays as it was.</summary>
    public void Dispose() => Finish();

    private int Finish()
    {
        if (_backup is not { } backup)
            return raw.SQLITE_OK;
        _backup = null;
        return raw.sqlite3_backup_finish(backup);
    }

    private static SqliteException Error(SqliteConnection connection, int code) =>
        new(raw.sqlite3_errstr(code).utf8_to_string() is var text && connection.DataSource is { } path ? $"{text} ({path})" : text, code & 0xFF, code);
}
