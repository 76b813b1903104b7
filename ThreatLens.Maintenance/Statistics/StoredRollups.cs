using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>The table maintenance_metric_rollups, read in the order of its key.</summary>
internal static class StoredRollups
{
    /// <summary>The rollups of a window from the step of a position on. Lazy.</summary>
    /// <param name="session">Where to read.</param>
    /// <param name="query">Which.</param>
    /// <param name="position">The last step, source and type of the page before; null: from the beginning of the window.</param>
    public static IEnumerable<(RollupKey Key, Rollup Rollup)> Read(SqliteSession session, MetricQuery query, RollupKey? position)
    {
        var from = MetricTime.MinuteOf(MetricTime.Of(query.Window.From));
        // The end is exclusive, and whole steps but for the end of all time.
        var to = MetricTime.MinuteOf(MetricTime.Of(query.Window.To) - 1) + 1;
        var resumed = query.Resolution == MetricResolution.Minute && position is { } last && last.Minute >= from;
        var sql =
            "SELECT minute, source_name, metric_type, samples, non_numeric, total, least, largest, last, last_at, last_id FROM maintenance_metric_rollups WHERE "
            + (resumed ? "(minute, source_name, metric_type) > ($from, $afterSource, $afterType)" : "minute >= $from")
            + " AND minute < $to"
            + (query.SourceName is null ? "" : " AND source_name = $source") + (query.MetricType is null ? "" : " AND metric_type = $type")
            + " ORDER BY minute, source_name, metric_type";
        return session.Stream(
            sql, Map, ("$from", Math.Max(from, position?.Minute ?? from)), ("$to", to), ("$afterSource", position?.SourceName), ("$afterType", position?.MetricType),
            ("$source", query.SourceName), ("$type", query.MetricType));
    }

    private static (RollupKey, Rollup) Map(SqliteDataReader row) => (
        new RollupKey(row.GetInt64(0), row.GetString(1), row.GetString(2)),
        row.IsDBNull(9)
            ? new Rollup { NonNumericCount = row.GetInt64(4) }
            : new Rollup
            {
                Count = row.GetInt64(3),
                NonNumericCount = row.GetInt64(4),
                Sum = row.GetDouble(5),
                Min = row.GetDouble(6),
                Max = row.GetDouble(7),
                Last = row.GetDouble(8),
                LastAt = row.GetInt64(9),
                LastId = row.GetInt64(10),
            });
}
