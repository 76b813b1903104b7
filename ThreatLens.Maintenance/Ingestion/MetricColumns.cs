using Microsoft.Data.Sqlite;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>Columns of processing_metrics as other programs may have filled them.</summary>
internal static class MetricColumns
{
    /// <summary>The column as text; empty when it is NULL, which declared columns of this table are not everywhere.</summary>
    public static string Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? "" : row.GetString(column);
}
