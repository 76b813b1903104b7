using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Integrity;

/// <summary>Integrity checks as operations. Thread-safe.</summary>
public sealed class IntegrityOperations(IntegrityChecker checker, IntegrityRecord record, OperationRunner runner, ILogger<IntegrityOperations> logger)
{
    /// <summary>Checks the file's integrity as an operation. It succeeds when the check comes to its end, also when that finds damage.</summary>
    /// <param name="depth">How much to look at.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">It was refused or has failed.</exception>
    public Task<Operation> CheckAsync(IntegrityDepth depth, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork { Kind = OperationKind.IntegrityCheck, Run = context => Check(depth, context) }, request, cancellationToken);

    private IntegrityCheckResult Check(IntegrityDepth depth, OperationContext context)
    {
        context.Report(depth == IntegrityDepth.Full ? "Reading every page and every entry of every index." : "Reading every page.", 0, 0, "");
        var result = checker.Check(depth, context.CancellationToken) with { OperationId = context.OperationId };
        try
        {
            record.Store(result);
        }
        catch (MaintenanceException e)
        {
            // A damaged file may not take it. What was found counts, and is in memory.
            Log.NotRecorded(logger, e, e.Reason);
        }

        return result;
    }
}
