using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>
/// Gives space back and refreshes statistics beside ingest. Synchronous, as SQLite is. Thread-safe, but one run at a time makes sense.
/// </summary>
public sealed class Optimizer(SqliteDatabase database, OptimizePlanner planner, WalCheckpointer checkpointer, IngestStatistics ingest, IOptions<OptimizationOptions> options, ILogger<Optimizer> logger)
{
    // Of the log, left to be moved while writers wait.
    private const int FewPages = 64;

    // Nobody has written for so long: the log may be cut short.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    /// <summary>Optimizes.</summary>
    /// <param name="command">What; with an etag, only as planned.</param>
    /// <param name="progress">Told what is being done, units done, units in all, and what a unit is.</param>
    /// <param name="cancellationToken">Stops it between slices, a rewrite at any moment; what is done stays done.</param>
    /// <exception cref="MaintenanceException">
    /// ETAG_MISMATCH, VACUUM_NO_SPACE, DATABASE_FULL, or what opening and writing the database reports. The database is whole then.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OptimizeResult Run(OptimizeCommand command, Action<string, long, long, string> progress, CancellationToken cancellationToken = default)
    {
        var plan = planner.Plan(command, cancellationToken);
        FileRewrite.RequireSpace(plan);
        try
        {
            using var connection = database.OpenWriter();
            WalCheckpoint.OnlyWhenAsked(connection);
            using var steady = checkpointer.InSmallSteps();
            var result = Run(connection, command, plan, progress, cancellationToken);
            SpaceReserve.Keep(database);
            Log.Optimized(logger, result.BytesBefore, result.BytesAfter, result.LongestWriteLock.TotalMilliseconds);
            return result;
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, "optimizing it");
        }
    }

    private OptimizeResult Run(
        SqliteConnection connection, OptimizeCommand command, OptimizePlan plan, Action<string, long, long, string> progress, CancellationToken cancellationToken)
    {
        var turns = new WriteTurns(database);
        var space = new SpaceReturn(database, connection, turns, checkpointer, ingest.Latency, options.Value);
        WalCheckpoint.UntilFewAreLeft(connection, FewPages);
        var before = database.FileBytes;
        if (plan.Rewrites)
        {
            progress("Rewriting the file; writers wait.", 0, 0, "");
            new FileRewrite(database, connection, turns).Run(command.EnableIncrementalVacuum, cancellationToken);
        }
        else
        {
            if (command.EnableIncrementalVacuum && plan.AutoVacuum == AutoVacuum.Full)
                turns.Take(() => connection.Pragma("auto_vacuum = INCREMENTAL"), cancellationToken);
            if (AutoVacuumOf(connection) == AutoVacuum.Incremental)
                space.Run((done, total) => progress("Returning free pages.", done, total, "pages"), cancellationToken);
        }

        new StatisticsRefresh(database, connection, turns, options.Value)
            .Run(plan.StaleTables, plan.Size, (done, total) => progress("Refreshing statistics.", done, total, "tables"), cancellationToken);
        EmptyLog(connection, turns, cancellationToken);
        var free = (long)connection.Pragma("freelist_count")! * (long)connection.Pragma("page_size")!;
        return new OptimizeResult(
            before, database.FileBytes, free, database.LogBytes, space.Pages, space.Slices, plan.Rewrites, AutoVacuumOf(connection), plan.StaleTables, turns.Longest);
    }

    /// <summary>Cutting the log short takes tens of milliseconds; whoever writes now would wait for it, and make it as long again.</summary>
    private void EmptyLog(SqliteConnection connection, WriteTurns turns, CancellationToken cancellationToken)
    {
        using var still = checkpointer.HoldStill(cancellationToken);
        WalCheckpoint.UntilFewAreLeft(connection, FewPages);
        var before = connection.Pragma("data_version");
        cancellationToken.WaitHandle.WaitOne(Quiet);
        if (Equals(before, connection.Pragma("data_version")))
            turns.Take(() => WalCheckpoint.Empty(database, connection), cancellationToken);
    }

    private static AutoVacuum AutoVacuumOf(SqliteConnection connection) => (AutoVacuum)(int)(long)connection.Pragma("auto_vacuum")!;
}
