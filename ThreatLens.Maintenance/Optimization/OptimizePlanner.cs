using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Statistics;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>Measures first what an optimization would bring and cost. Reads only. Thread-safe.</summary>
public sealed class OptimizePlanner(SqliteDatabase database, DatabaseSizeReader sizes, IOptions<OptimizationOptions> options)
{
    // What a rewrite reads and writes a second, of the slow disks it is seen on: an honest guess is one that is rarely exceeded.
    private const double RewrittenBytesPerSecond = 40_000_000;

    // For what is committed meanwhile.
    private const long SpareBytes = 1024 * 1024;

    /// <summary>What would be done now.</summary>
    /// <param name="command">What to optimize.</param>
    /// <param name="cancellationToken">Looked at before reading.</param>
    /// <exception cref="MaintenanceException">ETAG_MISMATCH, DATABASE_MISSING, DATABASE_CORRUPT, or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OptimizePlan Plan(OptimizeCommand command, CancellationToken cancellationToken = default)
    {
        var size = sizes.Read(cancellationToken);
        var (mode, schema, stale) = Look(size);
        var unused = size.Objects.Sum(o => o.UnusedBytes);
        var rewrites = command.FullVacuum || (command.EnableIncrementalVacuum && mode == AutoVacuum.None);
        var used = size.DatabaseBytes - size.FreeBytes;
        var plan = new OptimizePlan
        {
            AutoVacuum = mode,
            Rewrites = rewrites,
            Steps = [.. Steps(command, mode, rewrites, size.FreeBytes, unused, stale.Count)],
            StaleTables = stale,
            Size = size,
            DatabaseBytes = size.DatabaseBytes,
            FreeBytes = size.FreeBytes,
            UnusedBytes = unused,
            ExpectedGainBytes = rewrites ? size.FreeBytes + unused : mode == AutoVacuum.None ? 0 : size.FreeBytes,
            // A temporary copy and the write-ahead log; in slices only what is written between two moves of the log.
            RequiredFreeBytes = SpareBytes + (rewrites ? 2 * used : 0),
            AvailableFreeBytes = new DriveInfo(Path.GetDirectoryName(database.Path)!).AvailableFreeSpace,
            EstimatedWriteLock = rewrites ? TimeSpan.FromSeconds(2 * used / RewrittenBytesPerSecond) + options.Value.MaxWriteLock : options.Value.MaxWriteLock,
            Etag = Etag(command, mode, schema),
        };
        return command.Etag is null || command.Etag == plan.Etag
            ? plan
            : throw new MaintenanceException(
                ErrorKind.Aborted, ErrorReasons.EtagMismatch, "etag: the request, the schema or auto_vacuum is another one than when this was planned; plan again.");
    }

    private (AutoVacuum Mode, string Schema, IReadOnlyList<string> Stale) Look(DatabaseSize size)
    {
        try
        {
            using var connection = database.OpenReader();
            var mode = (AutoVacuum)(int)(long)connection.Pragma("auto_vacuum")!;
            return (mode, new SchemaFingerprint().Read(connection), StatisticsRefresh.Stale(connection, size));
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, "planning an optimization");
        }
    }

    private static IEnumerable<string> Steps(OptimizeCommand command, AutoVacuum mode, bool rewrites, long free, long unused, int analyses)
    {
        if (rewrites)
        {
            yield return command.EnableIncrementalVacuum && mode != AutoVacuum.Incremental
                ? "Rewrite the whole file with auto_vacuum=INCREMENTAL (VACUUM): writers wait meanwhile, metrics stay unacknowledged until it ends; it can be cancelled."
                : "Rewrite the whole file (VACUUM): writers wait meanwhile, metrics stay unacknowledged until it ends; it can be cancelled.";
        }
        else
        {
            if (command.EnableIncrementalVacuum && mode == AutoVacuum.Full)
                yield return "Switch auto_vacuum from FULL to INCREMENTAL; that takes no rewrite.";
            yield return mode == AutoVacuum.None
                ? $"Nothing of {free} free bytes can be given back: the file has auto_vacuum=NONE. Ask for enable_incremental_vacuum (one rewrite, then never again) or full_vacuum."
                : $"Give {free} free bytes back in slices, beside ingest.";
            if (unused > free && unused > 0)
                yield return $"About {unused} bytes within used pages hold nothing; only full_vacuum gives those back.";
        }

        if (analyses > 0)
            yield return $"Refresh the query planner's statistics of {analyses} tables, a bounded number of rows each.";
        yield return "Move the write-ahead log into the file and empty it.";
    }

    private static string Etag(OptimizeCommand command, AutoVacuum mode, string schema) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{command.FullVacuum}\0{command.EnableIncrementalVacuum}\0{mode}\0{schema}")));
}
