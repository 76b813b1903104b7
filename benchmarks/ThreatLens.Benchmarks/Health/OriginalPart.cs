using Microsoft.Data.Sqlite;
using ThreatLens.Benchmarks.Ingest;

namespace ThreatLens.Benchmarks.Health;

/// <summary>The same report as the original made it: whole tables, each time.</summary>
internal static class OriginalPart
{
    private static readonly string[] Queries =
    [
        "SELECT count(*) FROM raw_logs", "SELECT count(*) FROM events", "SELECT count(*) FROM ai_analysis", "SELECT count(*) FROM reports", "SELECT count(*) FROM log_sources",
        "SELECT count(*) FROM processing_metrics", "SELECT count(*) FROM notification_history",
        "SELECT count(*) FROM events WHERE realtime_processed = 1",
        "SELECT count(*) FROM events WHERE realtime_processed = 1 AND notification_sent = 0",
        "SELECT avg(CAST(processing_time AS REAL)) FROM events WHERE processing_time IS NOT NULL",
        "SELECT strftime('%Y-%m-%d %H', timestamp), count(*) FROM events WHERE timestamp >= datetime('now', '-1 day') GROUP BY 1",
        "SELECT metric_type, count(*) FROM processing_metrics GROUP BY metric_type",
        "SELECT source_name, count(*), max(timestamp) FROM processing_metrics GROUP BY source_name",
        "SELECT status, count(*) FROM notification_history GROUP BY status",
        "SELECT channel, notification_type, status, count(*) FROM notification_history GROUP BY 1, 2, 3",
        "SELECT status, count(*) FROM log_sources GROUP BY status",
        "SELECT count(*) FROM ai_analysis a LEFT JOIN events e ON e.id = a.event_id WHERE e.id IS NULL",
        "PRAGMA page_count", "PRAGMA freelist_count",
    ];

    public static void Run(HealthDatabase large, HealthDatabase small)
    {
        foreach (var database in new[] { small, large })
        {
            using var connection = new SqliteConnection($"Data Source={database.Path};Mode=ReadOnly;Pooling=False");
            connection.Open();
            IngestReport.Tell($"the original's queries, {database.Metrics:#,0} metrics and {database.Events:#,0} events: {HealthHost.Time(() => Read(connection)):0} ms");
        }
    }

    private static void Read(SqliteConnection connection)
    {
        foreach (var sql in Queries)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.CommandTimeout = 0;
            using var rows = command.ExecuteReader();
            while (rows.Read())
            {
            }
        }
    }
}
