using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Integrity;

namespace ThreatLens.Maintenance.Health;

/// <summary>Looks at the file's integrity when the service starts, and when nothing else has for too long. Thread-safe.</summary>
public sealed class IntegrityMonitor(SqliteDatabase database, IntegrityChecker checker, IntegrityRecord record, TimeProvider time, ILogger<IntegrityMonitor> logger)
{
    /// <summary>The last check that finished, whoever asked for it; null: none is known.</summary>
    public IntegrityCheckResult? Last => record.Newest;

    /// <summary>How long ago that was; null: none is known.</summary>
    public TimeSpan? Age => record.Newest is { } last ? time.GetUtcNow() - last.FinishedAt : null;

    /// <summary>
    /// Runs <c>PRAGMA quick_check</c>: reads the whole file, takes no lock that a writer would feel. 4 s to over a minute on a file of
    /// some gigabytes. Blocks; cancelling interrupts it.
    /// </summary>
    /// <param name="cancellationToken">Interrupts the check; its result is then unknown, and the last one stays.</param>
    /// <returns>Whether there is a new result.</returns>
    public bool Check(CancellationToken cancellationToken)
    {
        if (!database.FileExists)
            return false;
        try
        {
            record.Remember(checker.Check(IntegrityDepth.Quick, cancellationToken));
            return true;
        }
        catch (OperationCanceledException)
        {
            // Interrupted: nothing was found out.
            return false;
        }
        catch (MaintenanceException e)
        {
            Log.IntegrityUnknown(logger, e);
            return false;
        }
    }
}
