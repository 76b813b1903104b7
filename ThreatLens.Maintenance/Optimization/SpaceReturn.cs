using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>
/// Gives free pages back to the file system in slices (<c>PRAGMA incremental_vacuum</c>), each a transaction and a turn among the writers.
/// Between them others write, the write-ahead log is moved into the file, and the work can be stopped; stopped anywhere, also by a crash, what is
/// given back is given back. Not thread-safe.
/// </summary>
internal sealed class SpaceReturn(SqliteDatabase database, SqliteConnection connection, WriteTurns turns, WalCheckpointer checkpointer, OptimizationOptions options)
{
    private const int FirstSlice = 32;
    private const int LeastSlice = 8;
    private const int LargestSlice = 2000;

    private static readonly SqlSummary Summary = SqlSummary.Of("PRAGMA incremental_vacuum");
    private readonly SlicePace _pace = new(options.MaxWriteLock, options.Pause, FirstSlice, LeastSlice, LargestSlice);

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
        while (Pages < total)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var done = Pages;
            _pace.Held(turns.Take(() => Slice((int)Math.Min(_pace.Size, total - Pages)), cancellationToken));
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

    private long FreePages() => (long)connection.Pragma("freelist_count")!;
}
