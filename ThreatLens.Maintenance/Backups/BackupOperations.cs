using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Integrity;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Backups;

/// <summary>Backup and Restore as operations, and the backup that changes of the schema take first. Thread-safe.</summary>
public sealed class BackupOperations(
    BackupTaker taker, Restorer restorer, OperationRunner runner, IngestWriter ingest, IntegrityMonitor integrity, IntegrityRecord checks, StartupState startup)
{
    /// <summary>Takes a backup as an operation.</summary>
    /// <param name="keep">How many to keep, 1 to 1000; null: as configured.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> BackupAsync(int? keep, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.Backup,
            Run = context => taker.Take(context.OperationId, keep, Progress(context), context.CancellationToken),
        },
        request, cancellationToken);

    /// <summary>Restores a backup as an operation. A missing database is created.</summary>
    /// <param name="command">Which backup, and what may be lost.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> RestoreAsync(RestoreCommand command, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.Restore,
            CreatesDatabase = true,
            Run = context => Restore(command, context),
            // Whatever kept the start-up from finishing, the database is now what somebody asked for.
            Succeeded = _ => startup.Finish(),
        },
        request, cancellationToken);

    private RestoreResult Restore(RestoreCommand command, OperationContext context)
    {
        var result = restorer.Restore(command, context.OperationId, ingest.EndStreams, Progress(context), context.CancellationToken);
        // What the health report remembers is of the replaced content.
        checks.Forget();
        integrity.Check(context.CancellationToken);
        return result;
    }

    private static Action<string, int, int> Progress(OperationContext context) =>
        (message, completed, total) => context.Report(message, completed, total, "steps");
}

/// <summary>The backup that is taken before a change of the schema. Thread-safe.</summary>
public sealed class BackupBeforeChange(BackupTaker taker, IOptions<BackupOptions> options)
{
    /// <summary>Bytes that <see cref="Take"/> would need; 0 when it would take none.</summary>
    /// <exception cref="MaintenanceException">The database or the directory cannot be read.</exception>
    public long PlannedBytes() => IsDue() ? taker.Plan(null).Bytes : 0;

    /// <summary>Takes a backup, unless that is switched off or the database holds no rows of the product's.</summary>
    /// <param name="context">The operation that is about to change the schema.</param>
    /// <returns>Its name; null when none was taken.</returns>
    /// <exception cref="MaintenanceException">It could not be taken, so nothing may be changed.</exception>
    public string? Take(OperationContext context)
    {
        if (!IsDue())
            return null;
        return taker.Take(
            context.OperationId, null, (message, completed, total) => context.Report($"Backup first: {message}", completed, total, "steps"), context.CancellationToken).Backup.Name;
    }

    private bool IsDue() => options.Value.BeforeChange && taker.HoldsRows();
}
