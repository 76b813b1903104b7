using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Retention.Steps;

namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// Sums up the metrics that the rollups do not hold yet, before a cleanup deletes any: their minutes would be lost to the statistics. Minutes that the same
/// cleanup would delete again are left out, so that it deletes what its plan said.
/// </summary>
internal sealed class SumsFirst(RollupCatchUp catchUp, ILogger logger)
{
    private const int MostLocked = 30;
    private static readonly TimeSpan LockRest = TimeSpan.FromSeconds(1);

    /// <summary>Sums up what is there now.</summary>
    /// <param name="cutoff">Of the sums; <see cref="Cutoff.Never"/>: none goes.</param>
    /// <param name="holds">What is pinned.</param>
    /// <param name="cancellationToken">Stops it between two transactions.</param>
    /// <exception cref="MaintenanceException">DATABASE_FULL, DATABASE_LOCKED and others.</exception>
    public void Run(Cutoff cutoff, HoldSet holds, CancellationToken cancellationToken)
    {
        for (var locked = 0; ;)
        {
            try
            {
                catchUp.SumUpAll(key => !RollupsStep.Goes(key.Minute, key.SourceName, cutoff, holds), cancellationToken);
                return;
            }
            catch (MaintenanceException e) when (e.Reason == ErrorReasons.DatabaseLocked && ++locked <= MostLocked)
            {
                Log.Locked(logger, e);
                cancellationToken.WaitHandle.WaitOne(LockRest);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
