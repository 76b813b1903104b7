using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>A row of processing_metrics whose timestamp is a time.</summary>
internal sealed record RawMetric(long Id, string SourceName, string MetricType, string Value, string Timestamp, string? Metadata, long At)
{
    public const string Columns = "m.id, m.source_name, m.metric_type, m.metric_value, m.timestamp, m.metric_metadata";

    /// <returns>Null: its timestamp is no time.</returns>
    public static RawMetric? Read(SqliteDataReader row)
    {
        var timestamp = MetricColumns.Text(row, 4);
        return MetricTime.Read(timestamp) is not { } at
            ? null
            : new RawMetric(
                row.GetInt64(0), MetricColumns.Text(row, 1), MetricColumns.Text(row, 2), MetricColumns.Text(row, 3), timestamp, row.IsDBNull(5) ? null : row.GetString(5), at);
    }

    public MetricEntry ToEntry() => new()
    {
        SourceName = SourceName,
        MetricType = MetricType,
        Time = MetricTime.ToMoment(At),
        Value = Value,
        Metadata = Metadata,
    };
}
