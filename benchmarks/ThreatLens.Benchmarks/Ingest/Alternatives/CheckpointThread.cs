using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ThreatLens.Benchmarks.Ingest.Alternatives;

/// <summary>Checkpoints on a thread and a connection of its own, as the service's.</summary>
internal sealed class CheckpointThread : IDisposable
{
    // SQLITE_CHECKPOINT_NOOP of sqlite3.h: tells the log's length and does nothing.
    private const int Noop = -1;
    private const int BoundPages = 12_288;
    private readonly SqliteConnection _writer;
    private readonly SqliteConnection _connection;
    private readonly Lock _gate;
    private readonly int _pages;
    private readonly AutoResetEvent _wake = new(false);
    private readonly Thread _thread;
    private volatile bool _ended;
    private int _logged;

    /// <param name="file">The database.</param>
    /// <param name="writer">Its commits checkpoint no more.</param>
    /// <param name="gate">What the writer holds for each transaction.</param>
    /// <param name="pages">In the log, at which a checkpoint begins.</param>
    public CheckpointThread(InProcess.ContestantFile file, SqliteConnection writer, Lock gate, int pages)
    {
        _connection = file.Open();
        _gate = gate;
        _pages = pages;
        _writer = writer;
        InProcess.ContestantFile.Execute(writer, "PRAGMA wal_autocheckpoint = 0");
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _ended = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
        _connection.Dispose();
    }

    /// <summary>After each commit, on the writer's thread.</summary>
    public void Committed()
    {
        raw.sqlite3_wal_checkpoint_v2(_writer.Handle, "main", Noop, out var pages, out _);
        Volatile.Write(ref _logged, pages);
        if (pages >= _pages)
            _wake.Set();
    }

    private void Run()
    {
        var copied = 0;
        while (_wake.WaitOne() && !_ended)
        {
            var logged = Volatile.Read(ref _logged);
            if (logged < copied)
                copied = 0;
            if (logged - copied < _pages)
                continue;
            raw.sqlite3_wal_checkpoint_v2(_connection.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out _, out copied);
            if (logged < BoundPages)
                continue;
            lock (_gate)
                raw.sqlite3_wal_checkpoint_v2(_connection.Handle, "main", raw.SQLITE_CHECKPOINT_RESTART, out _, out _);
            copied = 0;
        }
    }
}
