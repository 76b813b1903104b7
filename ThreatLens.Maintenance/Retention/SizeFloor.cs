using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Retention.Steps;
using ThreatLens.Maintenance.Statistics;

namespace ThreatLens.Maintenance.Retention;

/// <summary>Refuses a size that cannot be reached by deleting what may go for it, before anything does: else all of that would go, for nothing.</summary>
internal sealed class SizeFloor(SqliteDatabase database, TimeProvider time)
{
    private const int Named = 3;

    /// <param name="reader">Where to look.</param>
    /// <param name="steps">Of the cleanup.</param>
    /// <param name="scope">What it covers; without a size there is nothing to refuse.</param>
    /// <param name="goesByAge">For a plan: what its policies will have deleted by then. Empty: they have.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    /// <exception cref="MaintenanceException">SIZE_UNREACHABLE, or the database cannot be read.</exception>
    public void Require(SqliteConnection reader, CleanupSteps steps, CleanupScope scope, IReadOnlyList<TableCleanup> goesByAge, CancellationToken cancellationToken)
    {
        if (scope.MaxDatabaseBytes is not { } limit || DatabasePages.Read(reader).UsedBytes - goesByAge.Sum(t => t.Bytes) <= limit)
            return;
        var giving = Giving(reader, steps, scope, cancellationToken);
        var size = new DatabaseSizeReader(database, time).Read(cancellationToken);
        var staying = size.Objects.GroupBy(o => o.Table, o => o.Bytes).Select(table => (Table: table.Key, Bytes: Staying(table.Key, table.Sum(), giving, goesByAge))).OrderByDescending(t => t.Bytes).ToList();
        var floor = staying.Sum(t => t.Bytes) + size.OverheadBytes;
        if (floor > limit)
            throw Unreachable(limit, floor, staying.Take(Named));
    }

    private static long Staying(string table, long bytes, Dictionary<string, double> giving, IReadOnlyList<TableCleanup> goesByAge) => giving.TryGetValue(table, out var share)
        ? (long)(bytes * (1 - share))
        : Math.Max(0, bytes - goesByAge.Where(t => t.Table == table).Sum(t => t.Bytes));

    /// <summary>The tables whose rows may go for the size, with the share of them that no hold pins and that have a time, 0 to 1. Analyses go with their events.</summary>
    private Dictionary<string, double> Giving(SqliteConnection reader, CleanupSteps steps, CleanupScope scope, CancellationToken cancellationToken)
    {
        var giving = new Dictionary<string, double>();
        var holds = HoldSet.Read(reader, time.GetUtcNow());
        foreach (var table in SizeLimit.Tables(scope).Where(t => steps.WhySkipped(t).Length == 0))
        {
            var rows = (long)reader.Scalar($"SELECT count(*) FROM {table.Name}")!;
            giving[table.Name] = rows == 0 ? 0 : Math.Min(1, (double)new RowRank(reader, table, scope.FrozenAt.UtcTicks, holds, cancellationToken).CountRows() / rows);
        }

        if (giving.TryGetValue(RetentionTable.Events.Name, out var share))
        {
            foreach (var table in ((RetentionTable[])[RetentionTable.Analyses, RetentionTable.Notifications]).Where(t => EventLookup.HasTable(reader, t.Name)))
                giving.TryAdd(table.Name, share);
        }

        return giving;
    }

    private static MaintenanceException Unreachable(long limit, long floor, IEnumerable<(string Table, long Bytes)> largest) => new(
        ErrorKind.FailedPrecondition, ErrorReasons.SizeUnreachable,
        $"The database cannot be brought down to {limit} bytes: about {floor} stay when everything has gone that may go for the size, most of them in {string.Join(", ", largest.Select(t => $"{t.Table} ({t.Bytes} bytes)"))}. "
        + "Nothing was deleted for the size. Raise max_database_bytes (Maintenance:Retention:MaxDatabaseBytes) above that, keep less of those tables, or release holds.")
    {
        Metadata = new Dictionary<string, string>
        {
            ["maxDatabaseBytes"] = limit.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["stayingBytes"] = floor.ToString(System.Globalization.CultureInfo.InvariantCulture),
        },
    };
}
