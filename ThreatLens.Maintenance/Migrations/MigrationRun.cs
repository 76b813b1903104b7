using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>One run over a list of migrations on one connection: each in a transaction of its own, with its history row.</summary>
internal sealed partial class MigrationRun(SqliteDatabase database, SqliteConnection connection, MigrationCatalog catalog, TimeProvider time, ILogger logger)
{
    private static readonly SqlSummary Begin = SqlSummary.Of("BEGIN IMMEDIATE");
    private static readonly SqlSummary Commit = SqlSummary.Of("COMMIT");
    private static readonly SqlSummary Record = SqlSummary.Of("INSERT INTO schema_migrations");
    private static readonly SqlSummary Remove = SqlSummary.Of("DELETE FROM schema_migrations");

    private readonly SchemaFingerprint _fingerprint = new();

    // Whether this run found a database that somebody else built, so that "IF NOT EXISTS" may hide another shape; null before the first look.
    private bool? _isAdopting;

    /// <summary>The current version as of this run's last transaction; null when none is applied, or before the first.</summary>
    public MigrationVersion? Current { get; private set; }

    /// <summary>Adopts, then applies the migrations in order.</summary>
    public (IReadOnlyList<AppliedMigration> Adopted, IReadOnlyList<AppliedMigration> Applied) Apply(
        ForwardPlan plan, MigrateCommand command, IProgress<MigrationProgress>? progress, CancellationToken cancellationToken)
    {
        var done = new List<AppliedMigration>();
        IReadOnlyList<AppliedMigration> adopted = [];
        if (plan.AdoptThrough is { } through)
        {
            cancellationToken.ThrowIfCancellationRequested();
            adopted = Attempt($"adopt {through.Id}", through, down: false, done, activity => Adopt(through, command, done));
        }

        ForEach(plan.Apply, migration => Apply(migration, command), down: false, done, progress, cancellationToken);
        return (adopted, done);
    }

    /// <summary>Undoes the migrations in the order given.</summary>
    public IReadOnlyList<AppliedMigration> Undo(
        IReadOnlyList<Migration> migrations, IProgress<MigrationProgress>? progress, CancellationToken cancellationToken)
    {
        var done = new List<AppliedMigration>(migrations.Count);
        ForEach(migrations, Undo, down: true, done, progress, cancellationToken);
        return done;
    }

    private void ForEach(
        IReadOnlyList<Migration> migrations, Func<Migration, AppliedMigration?> step, bool down, List<AppliedMigration> done,
        IProgress<MigrationProgress>? progress, CancellationToken cancellationToken)
    {
        for (var i = 0; i < migrations.Count; i++)
        {
            // Between migrations is the only safe point: the schema is at a version, and a statement cannot be stopped anyway.
            StopIfAsked(done, down, cancellationToken);
            var migration = migrations[i];
            progress?.Report(new MigrationProgress(migration.Version, i, migrations.Count));
            var applied = Attempt($"{(down ? "rollback" : "migrate")} {migration.Version.Id}", migration.Version, down, done, activity =>
            {
                var applied = step(migration);
                activity?.SetTag("threatlens.migration.statements", applied?.Statements);
                activity?.SetTag("threatlens.migration.skipped_statements", applied?.SkippedStatements);
                return applied;
            });
            if (applied is not null)
                done.Add(applied);
            progress?.Report(new MigrationProgress(migration.Version, i + 1, migrations.Count));
        }
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

    private T Attempt<T>(string name, MigrationVersion version, bool down, List<AppliedMigration> done, Func<Activity?, T> step)
    {
        using var activity = MaintenanceDiagnostics.ActivitySource.StartActivity(name);
        activity?.SetTag("threatlens.migration.version", version.Id);
        activity?.SetTag("threatlens.migration.direction", down ? "down" : "up");
        try
        {
            return step(activity);
        }
        catch (Exception e) when (e is MaintenanceException or SqliteException)
        {
            var error = e as MaintenanceException ?? database.Translate((SqliteException)e, $"working on {version}");
            activity?.SetTag("error.type", error.Reason);
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            logger.Failed(error, version.Id, database.Path);
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

        MigrationPlanner.RecheckForward(status, migration, command.Order);
        _isAdopting ??= status.CurrentVersion is null && _fingerprint.Read(connection) != SchemaFingerprint.Empty;
        SchemaHistory.Ensure(connection, history);
        var (ran, skipped) = RunAndRecord(migration, command, transaction, started, _isAdopting.Value);
        // One that comes late changes the schema that was recorded at the version above it.
        if (status.CurrentVersion is { } above && above.CompareTo(migration.Version) > 0)
            SchemaHistory.SetFingerprint(connection, above, _fingerprint.Read(connection));
        Timed(Commit, transaction.Commit);

        Current = status.CurrentVersion?.CompareTo(migration.Version) > 0 ? status.CurrentVersion : migration.Version;
        var applied = new AppliedMigration(migration.Version, time.GetElapsedTime(started), ran, skipped);
        logger.Applied(migration.Version.Id, database.Path, applied.Duration.TotalMilliseconds, ran, skipped);
        return applied;
    }

    private (int Ran, int Skipped) RunAndRecord(Migration migration, MigrateCommand command, ImmediateTransaction transaction, long started, bool adopts)
    {
        var before = _fingerprint.Read(connection);
        var script = catalog.UpOf(migration);
        var adoption = new Adoption(database, connection, catalog);
        // Only what a script passes over needs a look; what it makes itself is right.
        adopts = adopts && Adoption.FindsSomething(connection, script);
        if (adopts)
            adoption.Prepare(migration);
        var counts = new ScriptRunner(database, connection, transaction).Run(migration.Version, script);
        if (adopts)
            adoption.Complete(migration.Version, new HashSet<string> { migration.Version.Id });
        var fingerprints = (before, _fingerprint.Read(connection));
        Timed(Record, () => SchemaHistory.Record(connection, migration, time.GetUtcNow(), time.GetElapsedTime(started), command, fingerprints));
        return counts;
    }

    private AppliedMigration? Undo(Migration migration)
    {
        var started = time.GetTimestamp();
        using var transaction = Timed(Begin, () => ImmediateTransaction.Begin(connection));
        var history = SchemaHistory.Read(connection);
        var status = SchemaStatusReader.Compare(catalog, history);
        Current = status.CurrentVersion;
        if (!status.IsApplied(migration.Version))
        {
            logger.DoneByAnother(migration.Version.Id, database.Path);
            return null;
        }

        MigrationPlanner.RecheckBackward(status, migration);
        SchemaHistory.Ensure(connection, history);
        var (ran, skipped) = new ScriptRunner(database, connection, transaction).Run(migration.Version, catalog.DownOf(migration));
        RollupLedger.FollowDroppedTable(connection);
        Timed(Remove, () => SchemaHistory.Remove(connection, migration));
        var below = status.Below(migration.Version);
        if (below is not null)
            SchemaHistory.SetFingerprint(connection, below, _fingerprint.Read(connection));
        Timed(Commit, transaction.Commit);

        Current = below;
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
