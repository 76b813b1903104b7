using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Migrations.Hooks;
using ThreatLens.Maintenance.Migrations.Linting;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Plans: what a run would do, exactly, without doing it.</summary>
public sealed partial class MigrationEngine
{
    /// <summary>What <see cref="Migrate"/> would do now. Reads in one snapshot, writes nothing, takes no lock; without a file everything is pending.</summary>
    /// <param name="command">What to migrate to.</param>
    /// <param name="cancellationToken">Stops the counting.</param>
    /// <exception cref="MaintenanceException">As for <see cref="Migrate"/>, without LINT_FAILED (the plan has the findings) and MIGRATION_FAILED.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public MigrationPlan PlanMigrate(MigrateCommand command, CancellationToken cancellationToken = default)
    {
        var allowed = AllowedRules.Of(command.Allow);
        var target = ResolveTarget(command);
        var etag = PlanEtag.Of(catalog, command, target);
        return Snapshot("planning a migration", (connection, history) =>
        {
            if (command.Etag is not null)
                etag.Require(command.Etag, connection, history);
            var status = SchemaStatusReader.Compare(catalog, history);
            var plan = MigrationPlanner.Forward(catalog, status, target, command.Order);
            return Forward(connection, status, plan, command, allowed, countsLosses: true, cancellationToken, etag.Compute(connection, history));
        }, cancellationToken);
    }

    /// <summary>What <see cref="Rollback"/> would do now, and lose. Reads in one snapshot, writes nothing, takes no lock.</summary>
    /// <param name="command">What to undo.</param>
    /// <param name="cancellationToken">Stops the counting.</param>
    /// <exception cref="MaintenanceException">
    /// As for <see cref="Rollback"/>, without LINT_FAILED and VALUES_WOULD_BE_LOST (the plan has findings and losses) and MIGRATION_FAILED.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public MigrationPlan PlanRollback(RollbackCommand command, CancellationToken cancellationToken = default)
    {
        var allowed = AllowedRules.Of(command.Allow);
        var request = RollbackRequest.Read(catalog, command);
        var etag = PlanEtag.Of(catalog, command, request);
        return Snapshot("planning a rollback", (connection, history) =>
        {
            if (command.Etag is not null)
                etag.Require(command.Etag, connection, history);
            var status = SchemaStatusReader.Compare(catalog, history);
            var undo = MigrationPlanner.Backward(catalog, status, request);
            return Backward(connection, status, undo, allowed, cancellationToken, etag.Compute(connection, history));
        }, cancellationToken);
    }

    /// <summary>Refuses an etag that no longer holds, before anything is recorded or changed.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT, ETAG_MISMATCH, HISTORY_UNREADABLE, or what opening a reader reports.</exception>
    internal void CheckEtag(MigrateCommand command)
    {
        if (command.Etag is { } etag)
            CheckEtag(etag, PlanEtag.Of(catalog, command, ResolveTarget(command)));
    }

    /// <inheritdoc cref="CheckEtag(MigrateCommand)"/>
    internal void CheckEtag(RollbackCommand command)
    {
        if (command.Etag is { } etag)
            CheckEtag(etag, PlanEtag.Of(catalog, command, RollbackRequest.Read(catalog, command)));
    }

    /// <summary>Applies migrations that were undone just now, in the order given; for rehearsals.</summary>
    internal IReadOnlyList<AppliedMigration> Reapply(IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        // What was applied once was allowed then.
        var guard = new ChangeGuard(database, catalog, new AllowedRules(LintRules.Known.ToHashSet()), Options);
        var command = new MigrateCommand { Order = MigrationOrder.Allow };
        return Change(guard, run => run.Apply(new ForwardPlan(null, migrations), command, null, cancellationToken), cancellationToken).Done.Applied;
    }

    private void CheckEtag(string etag, PlanEtag now)
    {
        Snapshot("comparing the plan's etag", (connection, history) =>
        {
            now.Require(etag, connection, history);
            return true;
        }, CancellationToken.None);
    }

    private ChangeGuard NewGuard(MigrateCommand command, MigrationVersion? target)
    {
        CheckEtag(command);
        return new ChangeGuard(database, catalog, AllowedRules.Of(command.Allow), Options)
        {
            Bound = command.Etag is { } etag ? (PlanEtag.Of(catalog, command, target), etag) : null,
        };
    }

    private ChangeGuard NewGuard(RollbackCommand command, RollbackRequest request)
    {
        if (command.MaxValuesLost < 0)
            throw MaintenanceException.InvalidArgument("max_values_lost", $"is {command.MaxValuesLost}; it must not be negative");
        CheckEtag(command);
        return new ChangeGuard(database, catalog, AllowedRules.Of(command.Allow), Options)
        {
            Bound = command.Etag is { } etag ? (PlanEtag.Of(catalog, command, request), etag) : null,
            MaxValuesLost = command.MaxValuesLost,
        };
    }

    /// <summary>Refuses a run before its backup is taken, when some script of it could endanger or lose something.</summary>
    /// <exception cref="MaintenanceException">LINT_FAILED.</exception>
    private void RefuseDangers(SchemaStatus before, ForwardPlan plan, MigrateCommand command, CancellationToken cancellationToken)
    {
        // What is pending below an adopted version runs with the adoption.
        var gaps = plan.AdoptThrough is { } through ? before.Pending.Where(s => s.Version.CompareTo(through) < 0).Select(s => catalog.Find(s.Version.Id)!) : [];
        if (!plan.Apply.Concat(gaps).Any(m => ScriptLint.NeedsLook(catalog.UpOf(m), isDown: false)))
            return;
        var looked = Snapshot("looking at the scripts", (connection, history) => Forward(
            connection, SchemaStatusReader.Compare(catalog, history), plan, command, AllowedRules.Of(command.Allow), countsLosses: false, cancellationToken, ""), cancellationToken);
        PlanRefusal.OfLint(looked.Findings);
    }

    /// <inheritdoc cref="RefuseDangers(SchemaStatus, ForwardPlan, MigrateCommand, CancellationToken)"/>
    private void RefuseDangers(IReadOnlyList<Migration> undo, RollbackCommand command, CancellationToken cancellationToken)
    {
        if (!undo.Select(catalog.DownOf).Concat(catalog.Hooks.OfRollback).Any(s => ScriptLint.NeedsLook(s, isDown: true) || s.RefuseIfRows.Count > 0))
            return;
        var looked = Snapshot("looking at the scripts", (connection, history) => Backward(
            connection, SchemaStatusReader.Compare(catalog, history), undo, AllowedRules.Of(command.Allow), cancellationToken, ""), cancellationToken);
        PlanRefusal.OfLint(looked.Findings);
        PlanRefusal.OfLoss(looked.Losses, 0, command.MaxValuesLost);
    }

    private MigrationPlan Forward(
        SqliteConnection connection, SchemaStatus status, ForwardPlan plan, MigrateCommand command, AllowedRules allowed, bool countsLosses, CancellationToken cancellationToken, string etag)
    {
        using var builder = new PlanBuilder(database, connection, catalog, NewLint(allowed, isDown: false), NewLint(allowed, isDown: false, isOfHooks: true), isDown: false, countsLosses, cancellationToken);
        if (!plan.IsEmpty)
            builder.Hook(HookMoment.BeforeMigrate);
        var adopts = plan.AdoptThrough is not null || (status.CurrentVersion is null && new SchemaFingerprint().Read(connection) != SchemaFingerprint.Empty);
        if (plan.AdoptThrough is { } through)
            builder.Adopt(status, through);
        foreach (var migration in plan.Apply)
            builder.Up(migration, adopts);
        if (!plan.IsEmpty)
            builder.Hook(HookMoment.AfterMigrate);
        var highest = plan.Apply.Select(m => m.Version).Append(status.CurrentVersion).Max();
        return builder.Build(status.CurrentVersion, highest, command.Order, etag);
    }

    private MigrationPlan Backward(
        SqliteConnection connection, SchemaStatus status, IReadOnlyList<Migration> undo, AllowedRules allowed, CancellationToken cancellationToken, string etag)
    {
        using var builder = new PlanBuilder(database, connection, catalog, NewLint(allowed, isDown: true), NewLint(allowed, isDown: true, isOfHooks: true), isDown: true, countsLosses: true, cancellationToken);
        if (undo.Count > 0)
            builder.Hook(HookMoment.BeforeRollback);
        foreach (var migration in undo)
            builder.Down(migration);
        if (undo.Count > 0)
            builder.Hook(HookMoment.AfterRollback);
        var left = undo.Count == 0 ? status.CurrentVersion : status.Below(undo[^1].Version);
        return builder.Build(status.CurrentVersion, left, MigrationOrder.Strict, etag);
    }

    private ScriptLint NewLint(AllowedRules allowed, bool isDown, bool isOfHooks = false) => new(allowed, Options, isDown) { IsOfHooks = isOfHooks };

    private MigrationVersion? ResolveTarget(MigrateCommand command) =>
        command.TargetVersion is { } version ? catalog.Resolve(version, "target_version").Version : null;

    private T Snapshot<T>(string doing, Func<SqliteConnection, HistorySnapshot, T> look, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using var connection = database.TryOpenReader() ?? OpenNothing();
            connection.Execute("BEGIN");
            return look(connection, SchemaHistory.Read(connection));
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, doing);
        }
    }

    // A database without a file is an empty one.
    private static SqliteConnection OpenNothing()
    {
        var connection = new SqliteConnection("Data Source=:memory:;Pooling=False");
        connection.Open();
        return connection;
    }
}
