using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Integrity;

/// <summary>Reads the whole file to see whether it is sound. Takes no lock that a writer would feel. Thread-safe.</summary>
public sealed class IntegrityChecker(SqliteDatabase database, TimeProvider time, ILogger<IntegrityChecker> logger)
{
    /// <summary>Checks now. Blocks: 4 s to over a minute on a file of some gigabytes, a full check several times that.</summary>
    /// <param name="depth">How much to look at.</param>
    /// <param name="cancellationToken">Interrupts it at any moment; nothing was found out then.</param>
    /// <returns>What was found. Damage that keeps the check from coming to its end is a finding, too.</returns>
    /// <exception cref="MaintenanceException">The database is missing, locked or cannot be opened, for a reason other than damage.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IntegrityCheckResult Check(IntegrityDepth depth, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var problems = Look(depth, cancellationToken);
        var result = new IntegrityCheckResult(depth, time.GetUtcNow(), time.GetElapsedTime(begun), problems);
        if (result.IsIntact)
            Log.Intact(logger, depth, result.Duration.TotalMilliseconds);
        else
            Log.Damaged(logger, depth, problems.Count, problems[0]);
        return result;
    }

    private List<string> Look(IntegrityDepth depth, CancellationToken cancellationToken)
    {
        var sql = depth == IntegrityDepth.Full ? "PRAGMA integrity_check(20)" : "PRAGMA quick_check(20)";
        try
        {
            using var connection = database.OpenReader();
            using var span = StatementSpan.Start(database, sql);
            var problems = connection.TextsInterruptibly(sql, cancellationToken);
            return problems is ["ok"] ? [] : problems;
        }
        catch (Exception e) when (e is SqliteException or MaintenanceException)
        {
            var failure = e as MaintenanceException ?? database.Translate((SqliteException)e, "checking integrity");
            return failure.Kind == ErrorKind.DataLoss ? [failure.Message] : throw failure;
        }
    }
}
