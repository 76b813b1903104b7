using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>Runs <see cref="RollupCatchUp"/> in the background, with pauses that leave the database to ingest most of the time.</summary>
public sealed class RollupCatchUpService(RollupCatchUp catchUp, IOptions<IngestOptions> options, TimeProvider time, ILogger<RollupCatchUpService> logger) : BackgroundService
{
    private const int PauseFactor = 2;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(5);
    private string? _lastReason;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Rollups)
            return;
        try
        {
            // Off the starting thread: SQLite is synchronous.
            await Task.Yield();
            while (true)
            {
                var begun = time.GetTimestamp();
                var pause = Step(stoppingToken) ? time.GetElapsedTime(begun) * PauseFactor : IdlePause;
                await Task.Delay(pause > ShortestPause ? pause : ShortestPause, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private bool Step(CancellationToken cancellationToken)
    {
        try
        {
            var hadWork = catchUp.Step(cancellationToken);
            _lastReason = null;
            return hadWork;
        }
        catch (MaintenanceException e)
        {
            // Nothing is lost: what is not summed up is read from the rows. Said once while the reason stays the same.
            if (e.Reason != ErrorReasons.DatabaseMissing && e.Reason != ErrorReasons.DatabaseDirectoryMissing && e.Reason != _lastReason)
                Log.NotSummedUp(logger, e, e.Reason);
            _lastReason = e.Reason;
            return false;
        }
    }
}
