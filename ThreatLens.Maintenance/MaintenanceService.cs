using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance;

/// <summary>
/// The life of the service: starts the metrics writer, settles what an earlier process left, migrates when configured to, checks the
/// integrity now and then, and at the end lets what runs come to a safe point. A database that cannot be used never ends the process.
/// </summary>
public sealed class MaintenanceService(
    SqliteDatabase database, MigrationEngine engine, ServiceSchema serviceSchema, SchemaOperations schema, OperationRunner runner, OperationStore operations, BackupDirectory backups, IngestWriter writer, IntegrityMonitor integrity,
    StartupState state, IOptions<MaintenanceOptions> options, IOptions<HealthOptions> health, IHostEnvironment environment, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<MaintenanceService> logger)
    : BackgroundService
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        database.KeepsReader = true;
        writer.Start();
        // Not in StopAsync: the web server stops before this service and waits for its calls, which may be waiting for an operation.
        lifetime.ApplicationStopping.Register(runner.CancelAll);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // So that the writer is the last to close the file, and leaves all of it in one piece.
        database.KeepsReader = false;
        await writer.StopAsync(cancellationToken).ConfigureAwait(false);
        await runner.WaitForAllAsync(cancellationToken).ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // Off the starting thread: SQLite is synchronous, and the health endpoints answer meanwhile.
            await Task.Yield();
            // Integrity is looked at whether or not the start-up gets anywhere: a damaged file is what keeps it from finishing.
            await Task.WhenAll(StartUpAsync(stoppingToken), CheckIntegrityAsync(stoppingToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private async Task StartUpAsync(CancellationToken cancellationToken)
    {
        var delay = FirstRetry;
        while (!state.IsFinished)
        {
            try
            {
                await TryStartUpAsync(cancellationToken).ConfigureAwait(false);
                state.Finish();
                Log.Started(logger);
                SpaceReserve.Keep(database);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The edge of the start-up: the process stays up whatever it was, so that somebody can look and mend.
                var failure = e as MaintenanceException
                    ?? new MaintenanceException(ErrorKind.Internal, ErrorReasons.Internal, $"{e.GetType().Name}: {e.Message}", e);
                if (state.Failure?.Reason != failure.Reason)
                    Log.StartupFailed(logger, e, failure.Reason);
                state.Fail(failure);
                // A migration that failed by itself would fail again; what stood in its way may go.
                var again = failure.OperationId is null || failure.Kind is ErrorKind.Unavailable or ErrorKind.Aborted or ErrorKind.ResourceExhausted;
                await WaitAsync(again ? delay : Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                // Each try that got as far as an operation is recorded: they must not fill the record.
                if (failure.OperationId is not null && delay < LongestRetry)
                    delay *= 2;
            }
        }
    }

    private async Task TryStartUpAsync(CancellationToken cancellationToken)
    {
        var status = serviceSchema.RefuseNewer(cancellationToken);
        var (interrupted, leftAlone) = operations.InterruptAbandoned(time.GetUtcNow());
        if (leftAlone > 0)
            Log.LeftAlone(logger, leftAlone);
        if (interrupted > 0)
        {
            Log.Interrupted(logger, interrupted);
            TellWhatHappened();
            backups.TidyUp();
        }

        if (status.Unfinished is { } begun)
            Log.Unfinished(logger, begun.Version, begun.IsDown ? "undone" : "applied", begun.StatementsDone, begun.Remedy);
        if (status.IsUpToDate || !(options.Value.MigrateOnStartup ?? environment.IsDevelopment()))
            return;
        var request = new OperationRequest { Caller = new OperationCaller("start-up", IsVerified: true), WaitsForTurn = true };
        await schema.MigrateAsync(new MigrateCommand(), request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A migration that was running has happened as a whole or not at all: says which, and whether the schema is as it left it.</summary>
    private void TellWhatHappened()
    {
        var schema = engine.CheckRecorded();
        if (schema.IsAsRecorded == false)
            Log.SchemaNotAsRecorded(logger, schema.Version?.Id);
        else
            Log.SchemaAsRecorded(logger, schema.Version?.Id);
    }

    /// <summary>Waits, but not longer than until somebody's Migrate has finished the start-up.</summary>
    private async Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        while (!state.IsFinished && (delay == Timeout.InfiniteTimeSpan || time.GetElapsedTime(begun) < delay))
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken).ConfigureAwait(false);
    }

    private async Task CheckIntegrityAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = await Task.Factory.StartNew(() => integrity.Check(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            // Without a result (no file yet, locked) the next try comes soon.
            await Task.Delay(found ? health.Value.IntegrityCheckInterval : FirstRetry, time, cancellationToken).ConfigureAwait(false);
            // A scheduled check may have come before: then this one is due by its age.
            while (found && integrity.Age is { } age && age < health.Value.IntegrityCheckInterval)
                await Task.Delay(health.Value.IntegrityCheckInterval - age, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
