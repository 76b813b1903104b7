using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Migrations.Linting;
using ThreatLens.Maintenance.Migrations.Planning;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Migrate, Rollback and Repair as operations. Thread-safe.</summary>
public sealed class SchemaOperations(MigrationEngine engine, MigrationCatalog catalog, OperationRunner runner, StartupState startup, BackupBeforeChange backup, ChangeSpace space)
{
    /// <summary>Applies migrations as an operation.</summary>
    /// <param name="command">What to migrate to; with an etag, only as planned.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Errors.MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> MigrateAsync(MigrateCommand command, OperationRequest request, CancellationToken cancellationToken)
    {
        // Refused before anything is recorded.
        AllowedRules.Of(command.Allow);
        var target = command.TargetVersion is null ? null : catalog.Resolve(command.TargetVersion, "target_version").Version;
        command = command with { TargetVersion = target?.Id };
        return runner.ExecuteAsync(
            new OperationWork
            {
                Kind = OperationKind.Migrate,
                CreatesDatabase = true,
                NeedsLock = () => engine.GetStatus(CancellationToken.None) is var status
                    && (status.NeedsAdoption || status.Pending.Any(m => target is null || m.Version.CompareTo(target) <= 0)),
                Check = () => engine.CheckEtag(command),
                Run = context => engine.Migrate(
                    command with
                    {
                        AppliedBy = context.Caller.Name,
                        OperationId = context.OperationId,
                        BeforeChange = () => Prepare(context, () => engine.PlanMigrate(command, context.CancellationToken)),
                    },
                    Progress(context, "Applying"), context.CancellationToken),
                Succeeded = FinishStartUp,
            },
            request, cancellationToken);
    }

    /// <summary>Undoes migrations as an operation.</summary>
    /// <param name="command">What to undo, and lose; with an etag, only as planned.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Errors.MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> RollbackAsync(RollbackCommand command, OperationRequest request, CancellationToken cancellationToken)
    {
        // Refused before anything is recorded.
        AllowedRules.Of(command.Allow);
        RollbackRequest.Read(catalog, command);
        return runner.ExecuteAsync(
            new OperationWork
            {
                Kind = OperationKind.Rollback,
                Check = () => engine.CheckEtag(command),
                Run = context => engine.Rollback(
                    command with
                    {
                        AppliedBy = context.Caller.Name,
                        OperationId = context.OperationId,
                        BeforeChange = () => Prepare(context, () => engine.PlanRollback(command, context.CancellationToken)),
                    },
                    Progress(context, "Undoing"), context.CancellationToken),
                Succeeded = FinishStartUp,
            },
            request, cancellationToken);
    }

    /// <summary>Repairs the schema as an operation.</summary>
    /// <param name="command">What to repair; with an etag, only as planned.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Errors.MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> RepairAsync(RepairCommand command, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.Repair,
            Check = () => engine.PlanRepair(command, CancellationToken.None),
            Run = context =>
            {
                context.Report("Repairing the schema.", 0, 0, "");
                return engine.Repair(command with { BeforeChange = () => backup.Take(context) }, context.CancellationToken);
            },
            Succeeded = FinishStartUp,
        },
        request, cancellationToken);

    /// <summary>
    /// Whatever kept the start-up from finishing, the schema is now what somebody asked for. A call that changed nothing mended nothing.
    /// </summary>
    private void FinishStartUp(object result)
    {
        if (result is MigrateResult { Applied.Count: > 0 } or RollbackResult { RolledBack.Count: > 0 } || engine.GetStatus(CancellationToken.None).IsUpToDate)
            startup.Finish();
    }

    /// <summary>Just before the first change: is there room, and is there a way back?</summary>
    private string? Prepare(OperationContext context, Func<MigrationPlan> plan)
    {
        space.Require(plan);
        return backup.Take(context);
    }

    private static Relay Progress(OperationContext context, string verb) => new(context, verb);

    /// <summary>Reports on the calling thread: <see cref="Progress{T}"/> would reorder.</summary>
    private sealed class Relay(OperationContext context, string verb) : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value) =>
            context.Report($"{verb} {value.Version.Id}.", value.Completed, value.Total, "migrations");
    }
}
