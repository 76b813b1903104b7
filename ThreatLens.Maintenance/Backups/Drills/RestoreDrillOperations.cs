using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Backups.Drills;

/// <summary>Restore drills as operations. Thread-safe.</summary>
public sealed class RestoreDrillOperations(RestoreDrill drill, OperationRunner runner)
{
    /// <summary>Runs a drill as an operation; that a backup cannot be restored is its result, not its failure.</summary>
    /// <param name="backupName">Which backup; null: the newest.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> RunAsync(string? backupName, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.RestoreDrill,
            Run = context => drill.Run(
                backupName, context.OperationId, (message, completed, total) => context.Report(message, completed, total, "steps"), context.CancellationToken),
        },
        request, cancellationToken);
}
