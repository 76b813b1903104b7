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
    /// What a checkpoint is made for: 32 MiB of log that is not in the database yet. Fewer, larger ones write a page that changes often only once.
    /// From there on the log is made to begin anew, too: as much as is left to the bound may be written until all of it is moved.
    /// </summary>
    private const long PassiveBytes = 32L * 1024 * 1024;

    /// <summary>While others write much beside the metrics: larger ones keep the disk busy for longer at a stretch, which is what a commit meanwhile waits for.</summary>
    private const long SmallPassiveBytes = 4L * 1024 * 1024;

    // What is left to move when the gate is taken, all of which writers wait for: a group or two.
    private const long TurnBytes = 2 * 1024 * 1024;

    // From there on a lull is not waited for any more: the turn comes a few groups later.
    private const long LastLullBytes = BoundBytes - (8 * 1024 * 1024);

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    // So much is written meanwhile that it is moved before the wait goes on: a group or two.
    private static readonly TimeSpan LullWait = TimeSpan.FromMilliseconds(25);

    private readonly SqliteDatabase _database;
    private readonly ILogger _logger;
    private readonly AutoResetEvent _wake = new(false);
    private readonly ManualResetEventSlim _lull = new(true, spinCount: 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _mayMove = new(1, 1);
    private readonly Thread _thread;
    private SqliteConnection? _connection;
    private long _pageSize = 4_096;
    private volatile bool _isStale;
    private int _neighbours;
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
        if (WalCheckpoint.Pages(writer) is not { } pages)
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

    /// <summary>The metrics writer has something to write, until <see cref="Rests"/>: a turn of the gate now would hold it up.</summary>
    internal void Works() => _lull.Reset();

    /// <summary>The metrics writer has nothing to write: the moment for a turn of the gate, since only what comes meanwhile waits, and for nothing else.</summary>
    internal void Rests() => _lull.Set();

    /// <summary>Until the answer is disposed, pages are moved in small steps: somebody writes much beside the metrics, and the disk is to be free between.</summary>
    public IDisposable InSmallSteps()
    {
        Interlocked.Increment(ref _neighbours);
        return new Neighbour(this);
    }

    /// <summary>
    /// Waits for a checkpoint that is under way, and until the answer is disposed there is no other: of two at a time SQLite refuses one, and somebody else cuts the
    /// log short and cannot do without. Not within a turn of the write gate, which a checkpoint may be waiting for.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public IDisposable HoldStill(CancellationToken cancellationToken)
    {
        _mayMove.Wait(cancellationToken);
        return new Stillness(_mayMove);
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
        _lull.Dispose();
        _ending.Dispose();
        _mayMove.Dispose();
    }

    private bool IsDue(int pages) => (pages - Volatile.Read(ref _copied)) * Volatile.Read(ref _pageSize) >= (Volatile.Read(ref _neighbours) > 0 ? SmallPassiveBytes : PassiveBytes);

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
            using var noOther = HoldStill(_ending.Token);
            if (_isStale)
                Close();
            _isStale = false;
            _connection ??= Open();
            // What is written while the last pages are moved comes on top.
            var logged = Checkpoint(raw.SQLITE_CHECKPOINT_PASSIVE);
            if (logged * _pageSize < PassiveBytes)
                return;
            MoveUntilLull(_connection);
            using var turn = _database.WriteGate.Enter(_ending.Token);
            // The next writer begins the log anew in the same file, which costs nobody anything; cutting the file short takes tens of
            // milliseconds, and is for what a long reader has made of it.
            Checkpoint(logged * _pageSize < (2 * BoundBytes) - PassiveBytes ? raw.SQLITE_CHECKPOINT_RESTART : raw.SQLITE_CHECKPOINT_TRUNCATE);
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

    /// <summary>Moves until little is left and the metrics writer has nothing to do, or the log has become too long to wait for that.</summary>
    private void MoveUntilLull(SqliteConnection connection)
    {
        do
            WalCheckpoint.UntilFewAreLeft(connection, (int)(TurnBytes / _pageSize));
        while (!_lull.Wait(LullWait, _ending.Token) && WalCheckpoint.Pages(connection) * _pageSize < LastLullBytes);
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }

    /// <returns>Pages in the log.</returns>
    private int Checkpoint(int mode)
    {
        var (logged, copied, isDone) = WalCheckpoint.Take(_connection!, mode);
        // Where something is in the way, as much was moved as could be; trying again at once would not move more.
        SetCopied(isDone ? copied : logged);
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

    private sealed class Stillness(SemaphoreSlim mayMove) : IDisposable
    {
        private SemaphoreSlim? _mayMove = mayMove;

        public void Dispose() => Interlocked.Exchange(ref _mayMove, null)?.Release();
    }

    private sealed class Neighbour(WalCheckpointer checkpointer) : IDisposable
    {
        private WalCheckpointer? _checkpointer = checkpointer;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _checkpointer, null) is { } checkpointer)
                Interlocked.Decrement(ref checkpointer._neighbours);
        }
    }
}
