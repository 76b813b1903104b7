using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// Moves pages from the write-ahead log into the database on a thread and a connection of its own, so that no commit waits for it. PASSIVE
/// checkpoints hinder nobody, but under constant writes the log would never begin anew and grow without limit: before <see cref="BoundBytes"/>
/// one is taken in a turn of the write gate, after which the log begins anew. A reader that stays in an old snapshot holds that up; it is tried again as the log grows.
/// Thread-safe.
/// </summary>
public sealed class WalCheckpointer : IDisposable
{
    /// <summary>What the log is kept near: 48 MiB. It is made to begin anew early enough, between two writers.</summary>
    public const long BoundBytes = 48L * 1024 * 1024;

    /// <summary>
    /// What a checkpoint is made for: 32 MiB of log that is not in the database yet. Fewer, larger ones write a page that changes often only once,
    /// and each of them has the commits of its time wait longer for the disk.
    /// </summary>
    private const long PassiveBytes = BoundBytes - SlackBytes;

    /// <summary>What may be written to the log while it is made ready to begin anew.</summary>
    private const long SlackBytes = 16L * 1024 * 1024;

    /// <summary>Pages that a turn of the write gate may be taken for: a group or two.</summary>
    private const int FewPages = 1_000;

    // SQLITE_CHECKPOINT_NOOP of sqlite3.h (3.51): tells the log's length and does nothing.
    private const int Noop = -1;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private readonly SqliteDatabase _database;
    private readonly ILogger _logger;
    private readonly AutoResetEvent _wake = new(false);
    private readonly CancellationTokenSource _ending = new();
    private readonly Thread _thread;
    private SqliteConnection? _connection;
    private long _pageSize = 4_096;
    private volatile bool _isStale;
    private int _logged;
    private int _copied;

    /// <summary>Starts its thread; opens nothing before the first <see cref="Committed"/>.</summary>
    public WalCheckpointer(SqliteDatabase database, ILogger<WalCheckpointer> logger)
    {
        _database = database;
        _logger = logger;
        _thread = new Thread(Run) { Name = "checkpoints", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Tells that a writer has committed. It asks for the log's length, which costs a microsecond, and never waits. A connection that calls this
    /// after each of its commits switches its own checkpoints off (<c>wal_autocheckpoint = 0</c>).
    /// </summary>
    /// <param name="writer">The connection, not in a transaction.</param>
    public void Committed(SqliteConnection writer)
    {
        if (raw.sqlite3_wal_checkpoint_v2(writer.Handle, "main", Noop, out var pages, out _) != raw.SQLITE_OK)
            return;
        var before = Interlocked.Exchange(ref _logged, pages);
        var hadAll = before <= Volatile.Read(ref _copied);
        // Not longer than before: the log has begun anew.
        if (pages <= before)
            Interlocked.Exchange(ref _copied, 0);
        // The first pages that are not in the database begin the wait for a quiet moment; later ones count when they are many.
        if (hadAll || pages <= before || IsDue(pages))
            _wake.Set();
    }

    /// <summary>Tells that the file at the database's path may be another one now: it is opened anew before the next checkpoint.</summary>
    public void Reopen()
    {
        _isStale = true;
        Interlocked.Exchange(ref _copied, 0);
        Interlocked.Exchange(ref _logged, 0);
    }

    /// <summary>Ends the thread and closes the connection.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
        _ending.Dispose();
    }

    private bool IsDue(int pages) => (pages - Volatile.Read(ref _copied)) * Volatile.Read(ref _pageSize) >= PassiveBytes;

    private void Run()
    {
        while (true)
        {
            // Whatever is not worth a checkpoint by itself is moved once nothing has called for one for a moment.
            var signalled = _wake.WaitOne(Volatile.Read(ref _logged) > Volatile.Read(ref _copied) ? Quiet : Timeout.InfiniteTimeSpan);
            if (_ending.IsCancellationRequested)
                break;
            if (!signalled || IsDue(Volatile.Read(ref _logged)))
                Move();
        }

        Close();
    }

    private void Move()
    {
        try
        {
            if (_isStale)
                Close();
            _isStale = false;
            _connection ??= Open();
            var logged = Checkpoint(raw.SQLITE_CHECKPOINT_PASSIVE);
            // What is written while the last pages are moved comes on top.
            if (logged * _pageSize < PassiveBytes)
                return;
            // Nobody waits for what is moved before the turn.
            if (Volatile.Read(ref _logged) - Volatile.Read(ref _copied) > FewPages)
                Checkpoint(raw.SQLITE_CHECKPOINT_PASSIVE);
            using var turn = _database.WriteGate.Enter(_ending.Token);
            // The next writer begins the log anew in the same file, which costs nobody anything; cutting the file short takes tens of
            // milliseconds, and is for what a long reader has made of it.
            Checkpoint(logged * _pageSize < BoundBytes + SlackBytes ? raw.SQLITE_CHECKPOINT_RESTART : raw.SQLITE_CHECKPOINT_TRUNCATE);
        }
        catch (OperationCanceledException)
        {
            // The end of the process.
        }
        catch (Exception e) when (e is SqliteException or MaintenanceException)
        {
            // Nothing is lost: the log keeps what is in it, and the next commits call again.
            Log.CheckpointFailed(_logger, e);
            SetCopied(Volatile.Read(ref _logged));
            Close();
        }
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }

    /// <returns>Pages in the log.</returns>
    private int Checkpoint(int mode)
    {
        var code = raw.sqlite3_wal_checkpoint_v2(_connection!.Handle, "main", mode, out var logged, out var copied);
        // Busy: a reader or a writer is in the way, and as much was moved as could be.
        if (code is not (raw.SQLITE_OK or raw.SQLITE_BUSY))
            throw new SqliteException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), code & 0xff, code);
        SetCopied(code == raw.SQLITE_OK ? copied : logged);
        return logged;
    }

    private void SetCopied(int pages)
    {
        // A full fence, as in Committed: of two that meet, one sees what the other has set.
        Interlocked.Exchange(ref _copied, pages);
        // A writer has begun the log anew meanwhile.
        if (Volatile.Read(ref _logged) < pages)
            Interlocked.Exchange(ref _copied, 0);
    }

    private SqliteConnection Open()
    {
        var connection = _database.OpenWriter();
        // In a turn of the gate nobody is to wait for a reader.
        _ = raw.sqlite3_busy_timeout(connection.Handle, 0);
        Volatile.Write(ref _pageSize, (long)connection.Pragma("page_size")!);
        return connection;
    }
}
