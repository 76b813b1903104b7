using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Backups;

/// <summary>Whether a copy is a sound database.</summary>
internal static class BackupChecks
{
    /// <summary>Reads all of it: <c>PRAGMA integrity_check</c>.</summary>
    /// <exception cref="MaintenanceException">BACKUP_DAMAGED.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public static void RequireIntact(SqliteDatabase copy, string what, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = copy.OpenReader();
            var problems = connection.TextsInterruptibly("PRAGMA integrity_check(20)", cancellationToken);
            if (problems is not ["ok"])
                throw Damaged(what, $"integrity_check says: {string.Join("; ", Lines(problems).Take(3))}");
        }
        catch (SqliteException e)
        {
            throw Damaged(what, e.Message, e);
        }
        catch (MaintenanceException e) when (e.Reason is ErrorReasons.NotADatabase or ErrorReasons.DatabaseCorrupt)
        {
            throw Damaged(what, e.Message, e);
        }
    }

    // One text may have many lines, below a heading that says nothing.
    private static IEnumerable<string> Lines(IEnumerable<string> problems) =>
        problems.SelectMany(p => p.Split('\n')).Where(l => !l.StartsWith("***", StringComparison.Ordinal)).Select(l => l.TrimEnd('.'));

    public static MaintenanceException Damaged(string what, string why, Exception? cause = null) =>
        new(ErrorKind.DataLoss, ErrorReasons.BackupDamaged, $"{what} is damaged: {why}.", cause);
}
