using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention;

/// <summary>Deletes what is past its policy, in transactions short enough for ingest not to feel them. Synchronous. Thread-safe; one run at a time.</summary>
public sealed class Cleaner(
    SqliteDatabase database, CleanupPlanner planner, RollupCatchUp catchUp, WalCheckpointer checkpointer, IOptions<RetentionOptions> options, IOptions<IngestOptions> ingestOptions, IngestStatistics ingest, TimeProvider time, ILogger<Cleaner> logger)
{
    /// <summary>Told after every transaction how many rows it was to delete; for tests, which look at how sizes change.</summary>
    internal Action<int> ChunkCommitted { get; set; } = static _ => { };

    /// <summary>Empties the write-ahead log before anything is written, where the disk is nearly full; and refuses what cannot be done.</summary>
    /// <param name="command">What is asked for.</param>
    /// <exception cref="MaintenanceException">As <see cref="CleanupPlanner.Plan"/>.</exception>
    internal void Check(CleanupCommand command)
    {
        planner.Check(command);
        if (!command.IsEmergency)
            return;
        if (SpaceReserve.GiveUp(database))
            Log.ReserveGivenUp(logger, SpaceReserve.Bytes);
        using var still = checkpointer.HoldStill(CancellationToken.None);
        using var turn = database.WriteGate.Enter();
        using var writer = database.OpenWriter();
        WalCheckpoint.Empty(database, writer);
    }

    /// <summary>Runs a cleanup.</summary>
    /// <param name="command">What to delete.</param>
    /// <param name="operationId">The operation it belongs to.</param>
    /// <param name="progress">Told what is being done, rows deleted, rows in all (0: unknown), and how long it will still take (null: unknown).</param>
    /// <param name="cancellationToken">Stops it between two transactions; it can be gone on with.</param>
    /// <exception cref="MaintenanceException">As <see cref="CleanupPlanner.Plan"/>, DATABASE_FULL, DATABASE_LOCKED. What was deleted until then is; it can be gone on with.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public CleanupResult Run(CleanupCommand command, string operationId, Action<string, long, long, TimeSpan?>? progress, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = database.OpenReader();
            using var writer = database.OpenWriter();
            using var steady = checkpointer.InSmallSteps();
            progress?.Invoke("Counting what is past its policy.", 0, 0, null);
            var (cleanup, holds) = planner.Fix(reader, command, cancellationToken);
            var steps = new CleanupSteps(reader, cleanup.Scope, cleanup.Cutoffs);
            var eta = new CleanupEta(time);
            var total = cleanup.Tally.Rows;
            var pace = new CleanupPace(ingest.Latency, options.Value.AddedLatency, options.Value.MaxChunkRows, time);
            CleanupRun? run = null;
            run = new CleanupRun(database, writer, checkpointer, operationId, cleanup.Tally, holds, pace, command.IsEmergency, time, logger)
            {
                Committed = (step, rows) =>
                {
                    var done = run!.Tally.Rows;
                    progress?.Invoke($"Deleting from {step.Table.Name}.", done, Math.Max(total, done), eta.Remaining(done, total));
                    ChunkCommitted(rows);
                },
            };
            run.Begin(cleanup, command.AcceptsClock, cancellationToken);
            // On a full disk there is no room for sums.
            if (!command.IsEmergency && ingestOptions.Value.Rollups && cleanup.Scope.Find(RetentionTable.Metrics) is not null)
            {
                progress?.Invoke("Summing up metrics that the rollups do not hold yet.", 0, 0, null);
                new SumsFirst(catchUp, logger).Run(cleanup.Cutoffs.GetValueOrDefault(RetentionTable.Rollups.Name, Cutoff.Never), holds, cancellationToken);
            }

            // On a full disk every read is time in which it fills further.
            total = command.IsEmergency ? 0 : total + steps.EstimateRows();
            Delete(run, steps, cleanup.Scope, reader, rows => total = run.Tally.Rows + rows, cancellationToken);
            run.End(cancellationToken);
            SpaceReserve.Keep(database);
            return Report(command, cleanup, run.Tally, steps, reader, operationId);
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, "deleting what is past its policy");
        }
    }

    private void Delete(CleanupRun run, CleanupSteps steps, CleanupScope scope, SqliteConnection reader, Action<long> expect, CancellationToken cancellationToken)
    {
        foreach (var step in steps.All(forPlan: false))
            run.Delete(step, cancellationToken);
        if (scope.MaxDatabaseBytes is not { } limit)
            return;
        if (DatabasePages.Read(reader).UsedBytes > limit)
        {
            // What went by the policies is on record also when the size is refused.
            run.End(cancellationToken);
            new SizeFloor(database, time).Require(reader, steps, scope, [], cancellationToken);
        }

        foreach (var table in SizeLimit.Tables(scope).Where(t => steps.WhySkipped(t).Length == 0))
            Shrink(run, steps, table, limit, scope, reader, expect, cancellationToken);
    }

    /// <summary>Deletes the oldest rows of a table until the database is small enough or nothing is left that may go.</summary>
    private void Shrink(CleanupRun run, CleanupSteps steps, RetentionTable table, long limit, CleanupScope scope, SqliteConnection reader, Action<long> expect, CancellationToken cancellationToken)
    {
        // What is expected of the rows may be far off: the size is looked at after every transaction. Where that stops a step, what went is the oldest by
        // days; within the last one, texts of several shapes have another order than times.
        long Excess() => DatabasePages.Read(reader).UsedBytes - limit;
        var (gone, first) = (0L, Excess());
        while (Excess() is > 0 and var excess)
        {
            var holds = HoldSet.Read(reader, time.GetUtcNow());
            var rank = new RowRank(reader, table, scope.FrozenAt.UtcTicks, holds, cancellationToken);
            var before = run.Tally.Of(table.Name).Rows;
            var size = SizeLimit.BytesPerRow(reader, table, gone, first - excess);
            expect((long)(excess / size));
            using (var step = steps.Of(table, rank.Oldest(SizeLimit.Rows(size, excess, gone))))
                run.Delete(step, cancellationToken, () => Excess() <= 0);
            var rows = run.Tally.Of(table.Name).Rows - before;
            if (rows == 0)
                return;
            gone += rows;
        }
    }

    private CleanupResult Report(
        CleanupCommand command, StoredCleanup cleanup, CleanupTally tally, CleanupSteps steps, SqliteConnection reader, string operationId)
    {
        Log.Cleaned(logger, operationId, tally.Rows, tally.Chunks);
        var pages = DatabasePages.Read(reader);
        return new CleanupResult
        {
            Tables = CleanupReport.Tables(reader, steps, cleanup, tally),
            UsedBytes = pages.UsedBytes,
            FreeBytes = pages.FreeBytes,
            Chunks = tally.Chunks,
            ResumedOperationId = command.ResumeOperationId,
        };
    }
}
