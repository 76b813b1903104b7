using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>Adds to the table <c>maintenance_metric_rollups</c>: one prepared statement a key, within the connection's transaction.</summary>
internal sealed class RollupTable : IDisposable
{
    // Of the row that is there: NULL in a comparison means that it has no numeric value yet.
    private const string IsLast = "excluded.last_at > last_at OR (excluded.last_at = last_at AND excluded.last_id > last_id) OR (last_at IS NULL AND excluded.last_at IS NOT NULL)";

    private const string Upsert =
        $"""
        INSERT INTO maintenance_metric_rollups(minute, source_name, metric_type, samples, non_numeric, total, least, largest, last, last_at, last_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT(minute, source_name, metric_type) DO UPDATE SET
            samples = samples + excluded.samples, non_numeric = non_numeric + excluded.non_numeric,
            total = max(min(total + excluded.total, 1.7976931348623157e308), -1.7976931348623157e308),
            least = min(coalesce(least, excluded.least), coalesce(excluded.least, least)),
            largest = max(coalesce(largest, excluded.largest), coalesce(excluded.largest, largest)),
            last = CASE WHEN {IsLast} THEN excluded.last ELSE last END,
            last_at = CASE WHEN {IsLast} THEN excluded.last_at ELSE last_at END,
            last_id = CASE WHEN {IsLast} THEN excluded.last_id ELSE last_id END
        """;

    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _upsert;

    /// <exception cref="SqliteException">The table is not there.</exception>
    public RollupTable(SqliteConnection connection)
    {
        _connection = connection;
        Check(raw.sqlite3_prepare_v3(connection.Handle, Upsert, raw.SQLITE_PREPARE_PERSISTENT, out _upsert));
    }

    /// <exception cref="SqliteException">Something could not be written; the transaction is to be undone.</exception>
    public void Add(RollupDeltas deltas)
    {
        foreach (var (key, delta) in deltas.InOrder)
            Add(key, delta);
    }

    public void Dispose() => _upsert.Dispose();

    private void Add(in RollupKey key, in Rollup delta)
    {
        Check(raw.sqlite3_bind_int64(_upsert, 1, key.Minute));
        Check(raw.sqlite3_bind_text(_upsert, 2, key.SourceName));
        Check(raw.sqlite3_bind_text(_upsert, 3, key.MetricType));
        Check(raw.sqlite3_bind_int64(_upsert, 4, delta.Count));
        Check(raw.sqlite3_bind_int64(_upsert, 5, delta.NonNumericCount));
        Check(raw.sqlite3_bind_double(_upsert, 6, delta.Sum));
        var isNumeric = delta.Count > 0;
        Check(isNumeric ? raw.sqlite3_bind_double(_upsert, 7, delta.Min) : raw.sqlite3_bind_null(_upsert, 7));
        Check(isNumeric ? raw.sqlite3_bind_double(_upsert, 8, delta.Max) : raw.sqlite3_bind_null(_upsert, 8));
        Check(isNumeric ? raw.sqlite3_bind_double(_upsert, 9, delta.Last) : raw.sqlite3_bind_null(_upsert, 9));
        Check(isNumeric ? raw.sqlite3_bind_int64(_upsert, 10, delta.LastAt) : raw.sqlite3_bind_null(_upsert, 10));
        Check(isNumeric ? raw.sqlite3_bind_int64(_upsert, 11, delta.LastId) : raw.sqlite3_bind_null(_upsert, 11));
        var stepped = raw.sqlite3_step(_upsert);
        var reset = raw.sqlite3_reset(_upsert);
        if (stepped != raw.SQLITE_DONE)
            Check(reset == raw.SQLITE_OK ? stepped : reset);
    }

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw new SqliteException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), code & 0xff, raw.sqlite3_extended_errcode(_connection.Handle));
    }
}
