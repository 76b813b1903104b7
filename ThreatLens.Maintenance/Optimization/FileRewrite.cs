using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>
/// Rewrites the whole file (VACUUM) in one turn: writers wait meanwhile, readers do not. A token stops it at any moment, and then, as after a
/// crash, the file is as it was. Needs the database's size twice: for a temporary copy, and in the write-ahead log.
/// </summary>
internal sealed class FileRewrite(SqliteDatabase database, SqliteConnection connection, WriteTurns turns)
{
    /// <summary>Refuses what would fill a disk half-way.</summary>
    /// <param name="plan">What it needs.</param>
    /// <exception cref="MaintenanceException">VACUUM_NO_SPACE.</exception>
    public static void RequireSpace(OptimizePlan plan)
    {
        if (!plan.Rewrites)
            return;
        if (plan.AvailableFreeBytes < plan.RequiredFreeBytes)
            throw NoSpace("the database's disk", plan.RequiredFreeBytes, plan.AvailableFreeBytes);
        // The copy goes to the directory of temporary files, which may be on another disk.
        var (directory, half) = (TemporaryFiles.Directory(), plan.RequiredFreeBytes / 2);
        if (new DriveInfo(directory).AvailableFreeSpace is var free && free < half)
            throw NoSpace($"{directory}, where SQLite puts temporary files (SQLITE_TMPDIR names another place)", half, free);
    }

    /// <summary>Rewrites it.</summary>
    /// <param name="becomesIncremental">Whether the file is switched to auto_vacuum=INCREMENTAL with it.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <exception cref="SqliteException">It failed; the file is as it was.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted; the file is as it was.</exception>
    public void Run(bool becomesIncremental, CancellationToken cancellationToken) => turns.Take(
        () =>
        {
            const string Vacuum = "VACUUM";
            if (becomesIncremental)
                connection.Pragma("auto_vacuum = INCREMENTAL");
            using var span = StatementSpan.Start(database, Vacuum);
            try
            {
                connection.ExecuteInterruptibly(Vacuum, cancellationToken);
            }
            catch (SqliteException e)
            {
                span.Fail(e);
                throw;
            }
        },
        cancellationToken);

    private static MaintenanceException NoSpace(string where, long needed, long free) => new(
        ErrorKind.ResourceExhausted, ErrorReasons.VacuumNoSpace,
        $"A rewrite of the file needs {needed} free bytes on {where}; there are {free}. Free space there, or optimize without full_vacuum and enable_incremental_vacuum.")
    {
        Metadata = new Dictionary<string, string>
        {
            ["requiredBytes"] = needed.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["availableBytes"] = free.ToString(System.Globalization.CultureInfo.InvariantCulture),
        },
    };
}
