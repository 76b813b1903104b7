using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>The table <c>log_sources</c>. Thread-safe.</summary>
public sealed class LogSourceStore(SqliteDatabase database, TimeProvider time)
{
    private const string Columns = "source_name, path, enabled, status, last_monitored, file_size, last_offset, error_message, created_at";

    /// <summary>A page of sources by name.</summary>
    /// <param name="limit">Most to return.</param>
    /// <param name="afterName">Only names after this one; null: from the first.</param>
    /// <param name="status">Only this status, as stored; null: all.</param>
    /// <exception cref="MaintenanceException">The database cannot be read, or has no such table.</exception>
    public IReadOnlyList<LogSource> List(int limit, string? afterName, string? status) => SqliteSession.Read(database, "reading log sources", session => List(session, limit, afterName, status));

    /// <summary>What producers are told of the sources: those that are switched off first, since one that is not named counts as switched on.</summary>
    /// <param name="limit">Most to return.</param>
    /// <param name="characters">Most characters of names and paths, together.</param>
    /// <exception cref="MaintenanceException">The database cannot be read, or has no such table.</exception>
    public IReadOnlyList<LogSourceSetting> Settings(int limit, long characters) => SqliteSession.Read(database, "reading log sources", session =>
    {
        RequireTable(session, "log_sources");
        return session
            .Query($"SELECT {Columns} FROM log_sources ORDER BY coalesce(enabled, 1) <> 0, source_name LIMIT $limit", Map, ("$limit", limit))
            .Select(s => new LogSourceSetting(s.SourceName, s.Path, s.IsEnabled))
            .TakeWhile(s => (characters -= s.SourceName.Length + s.Path.Length) >= 0)
            .ToList();
    });

    /// <inheritdoc cref="List(int, string?, string?)"/>
    internal static IReadOnlyList<LogSource> List(SqliteSession session, int limit, string? afterName, string? status)
    {
        RequireTable(session, "log_sources");
        return session.Query(
            $"SELECT {Columns} FROM log_sources WHERE ($after IS NULL OR source_name > $after) AND ($status IS NULL OR status = $status) ORDER BY source_name LIMIT $limit",
            Map, ("$after", afterName), ("$status", status), ("$limit", limit));
    }

    /// <summary>How many sources there are of each status, as stored; those that are switched off are of the status <c>disabled</c>.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read, or has no such table.</exception>
    public IReadOnlyDictionary<string, long> CountByStatus() => SqliteSession.Read(database, "counting log sources", session =>
    {
        RequireTable(session, "log_sources");
        return session
            .Query("SELECT CASE WHEN enabled = 0 THEN 'disabled' ELSE coalesce(status, '') END, count(*) FROM log_sources GROUP BY 1", row => (Status: row.GetString(0), Count: row.GetInt64(1)))
            .ToDictionary(c => c.Status, c => c.Count, StringComparer.Ordinal);
    });

    /// <summary>The source of that name.</summary>
    /// <param name="sourceName">Its name.</param>
    /// <exception cref="MaintenanceException">LOG_SOURCE_NOT_FOUND, or the database cannot be read.</exception>
    public LogSource Get(string sourceName) => SqliteSession.Read(database, "reading a log source", session => Find(session, sourceName));

    /// <summary>Switches a source on or off.</summary>
    /// <param name="sourceName">Its name.</param>
    /// <param name="enabled">Whether it is to be watched.</param>
    /// <param name="cancellationToken">Gives up waiting for other writers.</param>
    /// <exception cref="MaintenanceException">LOG_SOURCE_NOT_FOUND, or the database cannot be written.</exception>
    public LogSource SetEnabled(string sourceName, bool enabled, CancellationToken cancellationToken) => SqliteSession.Write(database, "switching a log source", session =>
    {
        Find(session, sourceName);
        session.Execute(
            "UPDATE log_sources SET enabled = $enabled, updated_at = $now WHERE source_name = $name",
            ("$enabled", enabled ? 1 : 0), ("$now", SqliteTimestamp.Format(time.GetUtcNow())), ("$name", sourceName));
        return Find(session, sourceName);
    }, cancellationToken);

    /// <exception cref="MaintenanceException">SCHEMA_NOT_READY.</exception>
    internal static void RequireTable(SqliteSession session, string table)
    {
        if (!session.HasTable(table))
            throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.SchemaNotReady, $"The database has no table {table}: migrate it to 001_add_realtime_tables or later.");
    }

    private static LogSource Find(SqliteSession session, string sourceName)
    {
        RequireTable(session, "log_sources");
        return session.Query($"SELECT {Columns} FROM log_sources WHERE source_name = $name", Map, ("$name", sourceName)).SingleOrDefault()
            ?? throw new MaintenanceException(ErrorKind.NotFound, ErrorReasons.LogSourceNotFound, $"source_name: there is no log source '{sourceName}'.") { Field = "source_name" };
    }

    private static LogSource Map(SqliteDataReader row) => new()
    {
        SourceName = row.GetString(0),
        Path = row.GetString(1),
        IsEnabled = row.IsDBNull(2) || row.GetInt64(2) != 0,
        Status = row.IsDBNull(3) ? "" : row.GetString(3),
        LastMonitoredAt = !row.IsDBNull(4) && SqliteTimestamp.TryParse(row.GetString(4), out var at) ? at : null,
        FileSize = row.IsDBNull(5) ? 0 : row.GetInt64(5),
        LastOffset = row.IsDBNull(6) ? 0 : row.GetInt64(6),
        ErrorMessage = row.IsDBNull(7) ? null : row.GetString(7),
        CreatedAt = !row.IsDBNull(8) && SqliteTimestamp.TryParse(row.GetString(8), out var created) ? created : null,
    };
}
