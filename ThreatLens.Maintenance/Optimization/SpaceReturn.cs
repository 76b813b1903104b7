using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>
/// Gives free pages back to the file system in slices (<c>PRAGMA incremental_vacuum</c>), each a transaction and a turn among the writers.
/// Between them others write, the write-ahead log is moved into the file, and the work can be stopped; stopped anywhere, also by a crash, what is
/// given back is given back. Not thread-safe.
/// </summary>
internal sealed class SpaceReturn(SqliteDatabase database, SqliteConnection connection, WriteTurns turns, WalCheckpointer checkpointer, WriterLatency latency, OptimizationOptions options)
{
    private const int FirstSlice = 32;
    private const int LeastSlice = 8;
    private const int LargestSlice = 2000;

    private static readonly SqlSummary Summary = SqlSummary.Of("PRAGMA incremental_vacuum");
    private readonly SlicePace _pace = new(options.MaxWriteLock, options.Pause, FirstSlice, LeastSlice, LargestSlice);
    private long _nextBatch;

    /// <summary>Pages given back so far.</summary>
    public long Pages { get; private set; }

    /// <summary>Slices so far.</summary>
    public int Slices { get; private set; }

    /// <summary>Goes on until there is no free page, or as many were given back as there were free at the beginning.</summary>
    /// <param name="progress">Told pages done and pages in all.</param>
    /// <param name="cancellationToken">Looked at between slices.</param>
    /// <exception cref="SqliteException">A slice failed; those before it stay done.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the slices before stay done.</exception>
    public void Run(Action<long, long> progress, CancellationToken cancellationToken)
    {
        var total = FreePages();
        SlowestSince();
        while (Pages < total)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var done = Pages;
            var held = turns.Take(() => Slice((int)Math.Min(_pace.Size, total - Pages)), cancellationToken);
            _pace.Held(held, SlowestSince());
            progress(Pages, total);
            // Others may use free pages meanwhile: then there are none left to return.
            if (Pages == done)
                break;
            checkpointer.Committed(connection);
            cancellationToken.WaitHandle.WaitOne(_pace.Pause);
        }
    }

    private void Slice(int pages)
    {
        using var span = StatementSpan.Start(database, Summary, batchSize: pages);
        try
        {
            using var transaction = ImmediateTransaction.Begin(connection);
            var before = (long)connection.Pragma("page_count")!;
            // A row for every page: it has happened only when all of them are read.
            connection.Texts($"PRAGMA incremental_vacuum({pages})");
            var after = (long)connection.Pragma("page_count")!;
            transaction.Commit();
            Pages += before - after;
            Slices++;
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw;
        }
    }

    /// <summary>The longest that a batch took of those committed since the last call; zero: there was none.</summary>
    private TimeSpan SlowestSince()
    {
        var batches = latency.From(_nextBatch);
        if (batches.Count == 0)
            return TimeSpan.Zero;
        _nextBatch = batches[^1].Number + 1;
        return batches.Max(b => b.Latency);
    }

    private long FreePages() => (long)connection.Pragma("freelist_count")!;
}
