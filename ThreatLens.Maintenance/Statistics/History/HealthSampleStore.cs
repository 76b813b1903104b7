using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Statistics.History;

/// <summary>The table of health samples, on the service's own track. Thread-safe: every call is a transaction of its own.</summary>
public sealed class HealthSampleStore(SqliteDatabase database, ServiceSchema schema)
{
    private const string Columns =
        "at, database_bytes, free_bytes, wal_bytes, disk_free_bytes, metric_rows, event_rows, notification_rows, rows_error, overall, sections, findings";

    /// <summary>Stores a sample, and removes the oldest beyond a number. It creates no tables in a database that nobody has asked to change yet.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="keep">How many stay, 1 or more.</param>
    /// <param name="cancellationToken">Gives up waiting for other writers.</param>
    /// <returns>False: the database has none of the service's own tables yet.</returns>
    /// <exception cref="MaintenanceException">The database cannot be written.</exception>
    public bool Add(HealthSample sample, int keep, CancellationToken cancellationToken)
    {
        if (schema.ReadVersion() == 0)
            return false;
        schema.Ensure(mayCreateDatabase: false, cancellationToken);
        SqliteSession.Write(database, "storing a health sample", session =>
        {
            session.Execute(
                $"INSERT OR REPLACE INTO maintenance_health_samples({Columns}) VALUES ($at, $database, $free, $wal, $disk, $metrics, $events, $notifications, $error, $overall, $sections, $findings)",
                Values(sample));
            return session.Execute(
                "DELETE FROM maintenance_health_samples WHERE at <= (SELECT at FROM maintenance_health_samples ORDER BY at DESC LIMIT 1 OFFSET $keep)", ("$keep", keep));
        }, cancellationToken);
        return true;
    }

    /// <summary>All samples, oldest first.</summary>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    public IReadOnlyList<HealthSample> List(CancellationToken cancellationToken) => !database.FileExists ? [] : SqliteSession.Read(
        database,
        "reading health samples",
        session => session.HasTable("maintenance_health_samples") ? session.Query($"SELECT {Columns} FROM maintenance_health_samples ORDER BY at", Map) : [],
        cancellationToken);

    private static (string Name, object? Value)[] Values(HealthSample sample) =>
    [
        ("$at", MetricTime.Of(sample.At)), ("$database", sample.DatabaseBytes), ("$free", sample.FreeBytes), ("$wal", sample.WalBytes),
        ("$disk", sample.DiskFreeBytes), ("$metrics", sample.MetricRows), ("$events", sample.EventRows), ("$notifications", sample.NotificationRows),
        ("$error", sample.RowsError), ("$overall", sample.Verdict.Overall),
        ("$sections", string.Join(' ', sample.Verdict.Sections.Select(s => $"{s.Key}={s.Value}"))), ("$findings", string.Join(' ', sample.Verdict.Findings)),
    ];

    private static HealthSample Map(SqliteDataReader row) => new()
    {
        At = MetricTime.ToMoment(row.GetInt64(0)),
        DatabaseBytes = row.GetInt64(1),
        FreeBytes = row.GetInt64(2),
        WalBytes = row.GetInt64(3),
        DiskFreeBytes = Number(row, 4),
        MetricRows = Number(row, 5),
        EventRows = Number(row, 6),
        NotificationRows = Number(row, 7),
        RowsError = row.GetDouble(8),
        Verdict = new HealthVerdict(
            row.GetString(9),
            Words(row, 10).Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal),
            Words(row, 11)),
    };

    private static long? Number(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static string[] Words(SqliteDataReader row, int column) => row.GetString(column).Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
