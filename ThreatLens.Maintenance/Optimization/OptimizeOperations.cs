using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>Optimize as an operation. Thread-safe.</summary>
public sealed class OptimizeOperations(Optimizer optimizer, OptimizePlanner planner, OperationRunner runner)
{
    /// <summary>Optimizes as an operation.</summary>
    /// <param name="command">What; with an etag, only as planned.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> OptimizeAsync(OptimizeCommand command, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.Optimize,
            Check = () => FileRewrite.RequireSpace(planner.Plan(command, CancellationToken.None)),
            Run = context => optimizer.Run(command, (message, completed, total, unit) => context.Report(message, completed, total, unit), context.CancellationToken),
        },
        request, cancellationToken);
}
