using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Retention;

/// <summary>Cleanup as an operation. Thread-safe.</summary>
public sealed class CleanupOperations(Cleaner cleaner, OperationRunner runner)
{
    /// <summary>Runs a cleanup as an operation.</summary>
    /// <param name="command">What to delete.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> CleanAsync(CleanupCommand command, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.Cleanup,
            Check = () => cleaner.Check(command),
            Run = context => cleaner.Run(
                command, context.OperationId, (message, completed, total, remaining) => context.Report(message, completed, total, "rows", remaining), context.CancellationToken),
        },
        request, cancellationToken);
}
