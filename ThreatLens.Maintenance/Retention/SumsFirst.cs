using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Retention;

/// <summary>Sums up the metrics that the rollups do not hold yet, before a cleanup deletes any: their minutes would be lost to the statistics.</summary>
internal sealed class SumsFirst(RollupCatchUp catchUp, ILogger logger)
{
    private const int MostLocked = 30;
    private static readonly TimeSpan LockRest = TimeSpan.FromSeconds(1);

    /// <summary>Sums up what is there now.</summary>
    /// <param name="cancellationToken">Stops it between two transactions.</param>
    /// <exception cref="MaintenanceException">DATABASE_FULL, DATABASE_LOCKED and others.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        for (var locked = 0; ;)
        {
            try
            {
                catchUp.SumUpAll(cancellationToken);
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
