using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Migrations.Hooks;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>One run over a list of migrations on one connection: each with its history row, in a transaction of its own or in the one that makes a new database.</summary>
internal sealed partial class MigrationRun(SqliteDatabase database, SqliteConnection connection, MigrationCatalog catalog, TimeProvider time, ILogger logger)
{
    private static readonly SqlSummary Begin = new("BEGIN", "BEGIN", null);
    private static readonly SqlSummary Commit = new("COMMIT", "COMMIT", null);
    private static readonly SqlSummary Record = new("INSERT schema_migrations", "INSERT", "schema_migrations");
    private static readonly SqlSummary Remove = new("DELETE schema_migrations", "DELETE", "schema_migrations");

    private static readonly SqlSummary Update = new("UPDATE schema_migrations", "UPDATE", "schema_migrations");
    private static readonly SqlSummary CreateHistory = new("CREATE TABLE schema_migrations", "CREATE TABLE", "schema_migrations");
    private static readonly SqlSummary ExtendHistory = new("ALTER TABLE schema_migrations", "ALTER TABLE", "schema_migrations");

    private readonly SchemaFingerprint _fingerprint = new();

    // Whether this run found a database that somebody else built, so that "IF NOT EXISTS" may hide another shape; null before the first look.
    private bool? _isAdopting;

    /// <summary>Looks, within each transaction, whether its script may run; null: it may.</summary>
    public ChangeGuard? Guard { get; init; }

    /// <summary>The current version as of this run's last transaction; null when none is applied, or before the first.</summary>
    public MigrationVersion? Current { get; private set; }

    /// <summary>Adopts, then applies the migrations in order.</summary>
    public ForwardRun Apply(
        ForwardPlan plan, MigrateCommand command, IProgress<MigrationProgress>? progress, CancellationToken cancellationToken)
    {
        var done = new List<AppliedMigration>();
        IReadOnlyList<AppliedMigration> adopted = [];
        RunHook(HookMoment.BeforeMigrate, down: false, done, plan.IsLeft);
        if (plan.AdoptThrough is { } through)
        {
            cancellationToken.ThrowIfCancellationRequested();
            adopted = Attempt($"adopt {through.Id}", through, down: false, done, activity => Adopt(through, command, done));
        }

        StopIfAsked(done, down: false, cancellationToken);
        var isOne = plan.AdoptThrough is null && TryMakeNew(plan.Apply, command, done, progress, cancellationToken);
        if (!isOne)
            ForEach(plan.Apply, migration => Apply(migration, command), down: false, done, progress, cancellationToken);
        if (adopted.Count + done.Count > 0)
            RunHook(HookMoment.AfterMigrate, down: false, done);
        return new ForwardRun(adopted, done, isOne);
    }

    /// <summary>Undoes the migrations in the order given.</summary>
    public IReadOnlyList<AppliedMigration> Undo(
        IReadOnlyList<Migration> migrations, IProgress<MigrationProgress>? progress, CancellationToken cancellationToken)
    {
        var done = new List<AppliedMigration>(migrations.Count);
        RunHook(HookMoment.BeforeRollback, down: true, done, status => migrations.Any(m => status.IsApplied(m.Version)));
        ForEach(migrations, Undo, down: true, done, progress, cancellationToken);
        if (done.Count > 0)
            RunHook(HookMoment.AfterRollback, down: true, done);
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
                Tell(activity, applied?.Statements, applied?.SkippedStatements);
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

    private static Activity? StartActivity(MigrationVersion version, bool down, string? name = null)
    {
        var activity = MaintenanceDiagnostics.ActivitySource.StartActivity(name ?? $"{(down ? "rollback" : "migrate")} {version.Id}");
        activity?.SetTag("threatlens.migration.version", version.Id);
        activity?.SetTag("threatlens.migration.direction", down ? "down" : "up");
        return activity;
    }

    private static void Tell(Activity? activity, int? ran, int? skipped)
    {
        activity?.SetTag("threatlens.migration.statements", ran);
        activity?.SetTag("threatlens.migration.skipped_statements", skipped);
    }

    private T Attempt<T>(string name, MigrationVersion version, bool down, List<AppliedMigration> done, Func<Activity?, T> step)
    {
        using var activity = StartActivity(version, down, name);
        try
        {
            return step(activity);
        }
        catch (Exception e) when (e is MaintenanceException or SqliteException)
        {
            var error = e as MaintenanceException ?? database.Translate((SqliteException)e, $"working on {version}");
            activity?.SetTag("error.type", error.Reason);
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            logger.Failed(version.Id, database.Path, error.Message);
            throw done.Count == 0 ? error : MigrationFailure.AfterOthers(error, done, down);
        }
    }

    private AppliedMigration? Apply(Migration migration, MigrateCommand command)
    {
        var started = time.GetTimestamp();
        using var transaction = Timed(Begin, () => ImmediateTransaction.Begin(connection));
        // Another process may have been here since the plan was made; from now on none can.
        var history = SchemaHistory.Read(connection);
        Guard?.Enter(connection, history);
        var status = SchemaStatusReader.Compare(catalog, history);
        Current = status.CurrentVersion;
        if (status.IsApplied(migration.Version))
        {
            logger.DoneByAnother(migration.Version.Id, database.Path);
            return null;
        }

        MigrationPlanner.RecheckForward(status, migration, command.Order);
        var before = _fingerprint.Read(connection);
        _isAdopting ??= status.CurrentVersion is null && before != SchemaFingerprint.Empty;
        EnsureHistory(history);
        var (ran, skipped) = catalog.UpOf(migration).IsTransactional
            ? RunAndRecord(migration, command, transaction, before, started, _isAdopting.Value)
            : RunStepwiseAndRecord(migration, command, transaction, started);
        // One that comes late changes the schema that was recorded at the version above it.
        if (status.CurrentVersion is { } above && above.CompareTo(migration.Version) > 0)
            SetFingerprint(above);
        Timed(Commit, transaction.Commit);

        Current = status.CurrentVersion?.CompareTo(migration.Version) > 0 ? status.CurrentVersion : migration.Version;
        var applied = new AppliedMigration(migration.Version, time.GetElapsedTime(started), ran, skipped);
        logger.Applied(migration.Version.Id, database.Path, applied.Duration.TotalMilliseconds, ran, skipped);
        return applied;
    }

    private (int Ran, int Skipped) RunAndRecord(
        Migration migration, MigrateCommand command, ImmediateTransaction transaction, string before, long started, bool adopts)
    {
        var script = catalog.UpOf(migration);
        RunHook(HookMoment.BeforeEachMigrate, migration, transaction);
        var adoption = new Adoption(database, connection, catalog);
        // Only what a script passes over needs a look; what it makes itself is right.
        adopts = adopts && Adoption.FindsSomething(connection, script);
        if (adopts)
            adoption.Prepare(migration);
        Guard?.BeforeUp(connection, migration);
        var counts = new ScriptRunner(database, connection, transaction).Run(migration.Version, script);
        if (adopts)
            adoption.Complete(migration.Version, new HashSet<string> { migration.Version.Id });
        RunHook(HookMoment.AfterEachMigrate, migration, transaction);
        var after = _fingerprint.Read(connection);
        Timed(Record, () => SchemaHistory.Record(connection, migration, time.GetUtcNow(), time.GetElapsedTime(started), command, before, after));
        return counts;
    }

    private AppliedMigration? Undo(Migration migration)
    {
        var started = time.GetTimestamp();
        using var transaction = Timed(Begin, () => ImmediateTransaction.Begin(connection));
        var history = SchemaHistory.Read(connection);
        Guard?.Enter(connection, history);
        var status = SchemaStatusReader.Compare(catalog, history);
        Current = status.CurrentVersion;
        if (!status.IsApplied(migration.Version))
        {
            logger.DoneByAnother(migration.Version.Id, database.Path);
            return null;
        }

        MigrationPlanner.RecheckBackward(status, migration);
        EnsureHistory(history);
        Guard?.BeforeDown(connection, migration);
        var (ran, skipped) = RunDown(migration, transaction);
        RollupLedger.FollowDroppedTable(connection);
        RunHook(HookMoment.AfterEachRollback, migration, transaction);
        Timed(Remove, () => SchemaHistory.Remove(connection, migration));
        var below = status.Below(migration.Version);
        if (below is not null)
            SetFingerprint(below);
        Timed(Commit, transaction.Commit);

        Current = below;
        var undone = new AppliedMigration(migration.Version, time.GetElapsedTime(started), ran, skipped);
        logger.Undone(migration.Version.Id, database.Path, undone.Duration.TotalMilliseconds, ran, skipped);
        return undone;
    }

    private (int Ran, int Skipped) RunDown(Migration migration, ImmediateTransaction transaction)
    {
        var script = catalog.DownOf(migration);
        if (!script.IsTransactional)
            return RunStepwise(migration, script, HookMoment.BeforeEachRollback, transaction).Counts;
        RunHook(HookMoment.BeforeEachRollback, migration, transaction);
        return new ScriptRunner(database, connection, transaction).Run(migration.Version, script);
    }

    private void EnsureHistory(HistorySnapshot history)
    {
        if (!SchemaHistory.IsComplete(history))
            Timed(history.Columns is null ? CreateHistory : ExtendHistory, () => SchemaHistory.Ensure(connection, history));
    }

    private void SetFingerprint(MigrationVersion version)
    {
        var fingerprint = _fingerprint.Read(connection);
        Timed(Update, () => SchemaHistory.SetFingerprint(connection, version, fingerprint));
    }

    private void Timed(SqlSummary summary, Action action) => Timed(summary, () =>
    {
        action();
        return 0;
    });

    private T Timed<T>(SqlSummary summary, Func<T> action)
    {
        using var span = StatementSpan.IsObserved ? StatementSpan.Start(database, summary) : null;
        try
        {
            return action();
        }
        catch (SqliteException e)
        {
            span?.Fail(e);
            throw;
        }
    }
}

/// <summary>What a run upwards did.</summary>
/// <param name="Adopted">The versions of the original application that it adopted, in order.</param>
/// <param name="Applied">What it applied, in order.</param>
/// <param name="IsOneTransaction">Whether all that was applied was one transaction.</param>
internal sealed record ForwardRun(IReadOnlyList<AppliedMigration> Adopted, IReadOnlyList<AppliedMigration> Applied, bool IsOneTransaction);
