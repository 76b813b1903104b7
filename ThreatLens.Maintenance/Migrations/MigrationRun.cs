using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>One run over a list of migrations on one connection: each in a transaction of its own, with its history row.</summary>
internal sealed class MigrationRun(SqliteDatabase database, SqliteConnection connection, MigrationCatalog catalog, TimeProvider time, ILogger logger)
{
    private static readonly SqlSummary Begin = SqlSummary.Of("BEGIN IMMEDIATE");
    private static readonly SqlSummary Commit = SqlSummary.Of("COMMIT");
    private static readonly SqlSummary Record = SqlSummary.Of("INSERT INTO schema_migrations");
    private static readonly SqlSummary Remove = SqlSummary.Of("DELETE FROM schema_migrations");

    /// <summary>The current version as of this run's last transaction; null when none is applied, or before the first.</summary>
    public MigrationVersion? Current { get; private set; }

    /// <summary>Applies the migrations in order.</summary>
    public IReadOnlyList<AppliedMigration> Apply(
        IReadOnlyList<Migration> migrations, MigrateCommand command, IProgress<MigrationProgress>? progress, CancellationToken cancellationToken) =>
        ForEach(migrations, migration => Apply(migration, command), down: false, progress, cancellationToken);

    /// <summary>Undoes the migrations in the order given.</summary>
    public IReadOnlyList<AppliedMigration> Undo(
        IReadOnlyList<Migration> migrations, IProgress<MigrationProgress>? progress, CancellationToken cancellationToken) =>
        ForEach(migrations, Undo, down: true, progress, cancellationToken);

    private List<AppliedMigration> ForEach(
        IReadOnlyList<Migration> migrations, Func<Migration, AppliedMigration?> step, bool down,
        IProgress<MigrationProgress>? progress, CancellationToken cancellationToken)
    {
        var done = new List<AppliedMigration>(migrations.Count);
        for (var i = 0; i < migrations.Count; i++)
        {
            // Between migrations is the only safe point: the schema is at a version, and a statement cannot be stopped anyway.
            StopIfAsked(done, down, cancellationToken);
            progress?.Report(new MigrationProgress(migrations[i].Version, i, migrations.Count));
            if (Attempt(migrations[i], step, down, done) is { } applied)
                done.Add(applied);
            progress?.Report(new MigrationProgress(migrations[i].Version, i + 1, migrations.Count));
        }

        return done;
    }

    private static void StopIfAsked(List<AppliedMigration> done, bool down, CancellationToken cancellationToken)
    {
        if (done.Count == 0)
            cancellationToken.ThrowIfCancellationRequested();
        if (!cancellationToken.IsCancellationRequested)
            return;
        // Something is done and stays: the caller must learn what.
        var cancelled = new MaintenanceException(ErrorKind.Cancelled, ErrorReasons.OperationCancelled, "The operation was cancelled between two migrations.");
        throw MigrationFailure.AfterOthers(cancelled, done, down);
    }

    private AppliedMigration? Attempt(Migration migration, Func<Migration, AppliedMigration?> step, bool down, List<AppliedMigration> done)
    {
        using var activity = MaintenanceDiagnostics.ActivitySource.StartActivity($"{(down ? "rollback" : "migrate")} {migration.Version.Id}");
        activity?.SetTag("threatlens.migration.version", migration.Version.Id);
        activity?.SetTag("threatlens.migration.direction", down ? "down" : "up");
        try
        {
            var applied = step(migration);
            activity?.SetTag("threatlens.migration.statements", applied?.Statements);
            activity?.SetTag("threatlens.migration.skipped_statements", applied?.SkippedStatements);
            return applied;
        }
        catch (Exception e) when (e is MaintenanceException or SqliteException)
        {
            var error = e as MaintenanceException ?? database.Translate((SqliteException)e, $"working on {migration.Version}");
            activity?.SetTag("error.type", error.Reason);
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            logger.Failed(error, migration.Version.Id, database.Path);
            throw done.Count == 0 ? error : MigrationFailure.AfterOthers(error, done, down);
        }
    }

    private AppliedMigration? Apply(Migration migration, MigrateCommand command)
    {
        var started = time.GetTimestamp();
        using var transaction = Timed(Begin, () => ImmediateTransaction.Begin(connection));
        // Another process may have been here since the plan was made; from now on none can.
        var history = SchemaHistory.Read(connection);
        var status = SchemaStatusReader.Compare(catalog, history);
        Current = status.CurrentVersion;
        if (status.IsApplied(migration.Version))
        {
            logger.DoneByAnother(migration.Version.Id, database.Path);
            return null;
        }

        MigrationPlanner.RecheckForward(status, migration);
        SchemaHistory.Ensure(connection, history);
        var (ran, skipped) = new ScriptRunner(database, connection, transaction).Run(migration.Version, catalog.UpOf(migration));
        Timed(Record, () => SchemaHistory.Record(connection, migration, time.GetUtcNow(), time.GetElapsedTime(started), command));
        Timed(Commit, transaction.Commit);

        Current = status.CurrentVersion?.CompareTo(migration.Version) > 0 ? status.CurrentVersion : migration.Version;
        var applied = new AppliedMigration(migration.Version, time.GetElapsedTime(started), ran, skipped);
        logger.Applied(migration.Version.Id, database.Path, applied.Duration.TotalMilliseconds, ran, skipped);
        return applied;
    }

    private AppliedMigration? Undo(Migration migration)
    {
        var started = time.GetTimestamp();
        using var transaction = Timed(Begin, () => ImmediateTransaction.Begin(connection));
        var status = SchemaStatusReader.Compare(catalog, SchemaHistory.Read(connection));
        Current = status.CurrentVersion;
        if (!status.IsApplied(migration.Version))
        {
            logger.DoneByAnother(migration.Version.Id, database.Path);
            return null;
        }

        MigrationPlanner.RecheckBackward(status, migration);
        var (ran, skipped) = new ScriptRunner(database, connection, transaction).Run(migration.Version, catalog.DownOf(migration));
        Timed(Remove, () => SchemaHistory.Remove(connection, migration));
        Timed(Commit, transaction.Commit);

        Current = status.Below(migration.Version);
        var undone = new AppliedMigration(migration.Version, time.GetElapsedTime(started), ran, skipped);
        logger.Undone(migration.Version.Id, database.Path, undone.Duration.TotalMilliseconds, ran, skipped);
        return undone;
    }

    private void Timed(SqlSummary summary, Action action) => Timed(summary, () =>
    {
        action();
        return 0;
    });

    private T Timed<T>(SqlSummary summary, Func<T> action)
    {
        using var span = StatementSpan.Start(database, summary);
        try
        {
            return action();
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw;
        }
    }
}
