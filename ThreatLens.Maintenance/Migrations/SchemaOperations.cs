using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Migrate, Rollback and Repair as operations. Thread-safe.</summary>
public sealed class SchemaOperations(MigrationEngine engine, MigrationCatalog catalog, OperationRunner runner, StartupState startup, BackupBeforeChange backup)
{
    /// <summary>Applies migrations as an operation.</summary>
    /// <param name="targetVersion">Version to migrate to; null: the latest.</param>
    /// <param name="order">How migrations that come late in the order are treated.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Errors.MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> MigrateAsync(string? targetVersion, MigrationOrder order, OperationRequest request, CancellationToken cancellationToken)
    {
        var target = targetVersion is null ? null : catalog.Resolve(targetVersion, "target_version").Version;
        return runner.ExecuteAsync(
            new OperationWork
            {
                Kind = OperationKind.Migrate,
                CreatesDatabase = true,
                NeedsLock = () => engine.GetStatus(CancellationToken.None) is var status
                    && (status.NeedsAdoption || status.Pending.Any(m => target is null || m.Version.CompareTo(target) <= 0)),
                Run = context => engine.Migrate(
                    new MigrateCommand
                    {
                        TargetVersion = target?.Id,
                        Order = order,
                        AppliedBy = context.Caller.Name,
                        OperationId = context.OperationId,
                        BeforeChange = () => backup.Take(context),
                    },
                    Progress(context, "Applying"), context.CancellationToken),
                Succeeded = FinishStartUp,
            },
            request, cancellationToken);
    }

    /// <summary>Undoes migrations as an operation.</summary>
    /// <param name="command">What to undo.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Errors.MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> RollbackAsync(RollbackCommand command, OperationRequest request, CancellationToken cancellationToken)
    {
        // Refused before anything is recorded.
        RollbackRequest.Read(catalog, command);
        return runner.ExecuteAsync(
            new OperationWork
            {
                Kind = OperationKind.Rollback,
                Run = context => engine.Rollback(
                    command with { AppliedBy = context.Caller.Name, OperationId = context.OperationId, BeforeChange = () => backup.Take(context) },
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
                return engine.Repair(command, context.CancellationToken);
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

    private static Relay Progress(OperationContext context, string verb) => new(context, verb);

    /// <summary>Reports on the calling thread: <see cref="Progress{T}"/> would reorder.</summary>
    private sealed class Relay(OperationContext context, string verb) : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value) =>
            context.Report($"{verb} {value.Version.Id}.", value.Completed, value.Total, "migrations");
    }
}
