using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Steps;

namespace ThreatLens.Maintenance.Retention;

/// <summary>Which rows go so that the database stays under a size: the oldest metrics, when there are none left the oldest notifications, then the oldest events.</summary>
internal static class SizeLimit
{
    // Pages become free only when nothing is left in them: it is approached from above.
    private const double Caution = 0.8;

    private const int FirstRows = 500;

    private static readonly RetentionTable[] Order = [RetentionTable.Metrics, RetentionTable.Notifications, RetentionTable.Events];

    /// <summary>The tables that give, in their order.</summary>
    public static IEnumerable<RetentionTable> Tables(CleanupScope scope) => Order.Where(t => scope.Find(t) is not null);

    /// <summary>What a row of a table is expected to free, bytes: by a sample of the rows, and by what those that went have freed, whichever is more.</summary>
    /// <param name="reader">Where to look.</param>
    /// <param name="table">The table.</param>
    /// <param name="goneRows">Rows of the table that went for the limit.</param>
    /// <param name="freedBytes">What they have freed.</param>
    public static double BytesPerRow(SqliteConnection reader, RetentionTable table, long goneRows, long freedBytes) =>
        Math.Max(1, Math.Max(RowBytes(reader, table), goneRows == 0 ? 0 : (double)freedBytes / goneRows));

    /// <summary>How many of a table's rows to delete next: few at first, then at most as many again as have gone.</summary>
    /// <param name="bytesPerRow">What a row is expected to free.</param>
    /// <param name="excessBytes">What is in use beyond the limit.</param>
    /// <param name="goneRows">Rows of the table that went for the limit.</param>
    public static long Rows(double bytesPerRow, long excessBytes, long goneRows) =>
        Math.Clamp((long)(excessBytes * Caution / bytesPerRow), 1, Math.Max(FirstRows, goneRows));

    /// <summary>Adds to a plan what the limit would take, as an estimate.</summary>
    public static List<TableCleanup> Estimate(SqliteConnection reader, CleanupScope scope, List<TableCleanup> tables, long usedBytes)
    {
        if (scope.MaxDatabaseBytes is not { } limit)
            return tables;
        var excess = usedBytes - tables.Sum(t => t.Bytes) - limit;
        foreach (var table in Tables(scope))
        {
            var at = tables.FindIndex(t => t.Table == table.Name && t.Skipped.Length == 0);
            if (excess <= 0 || at < 0)
                continue;
            var size = RowBytes(reader, table);
            var left = CountRows(reader, table) - tables[at].Rows - tables[at].HeldRows;
            var rows = size > 0 ? Math.Clamp((long)Math.Ceiling(excess / size), 0, Math.Max(0, left)) : 0;
            tables[at] = tables[at] with { Rows = tables[at].Rows + rows, Bytes = tables[at].Bytes + (long)(rows * size), IsEstimated = true };
            excess -= (long)(rows * size);
        }

        return tables;
    }

    /// <summary>What a row takes with what goes with it: of an event also its analyses and notifications.</summary>
    private static double RowBytes(SqliteConnection reader, RetentionTable table)
    {
        var own = RowSize.Of(reader, table.Name);
        if (table != RetentionTable.Events)
            return own;
        var events = Math.Max(1, CountRows(reader, table));
        return own + ((RetentionTable[])[RetentionTable.Analyses, RetentionTable.Notifications])
            .Where(t => EventLookup.HasTable(reader, t.Name)).Sum(t => RowSize.Of(reader, t.Name) * CountRows(reader, t) / events);
    }

    private static long CountRows(SqliteConnection reader, RetentionTable table) => (long)reader.Scalar($"SELECT count(*) FROM {table.Name}")!;
}
