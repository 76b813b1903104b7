using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Benchmarks.Ingest.Samples;

namespace ThreatLens.Benchmarks.Ingest.InProcess;

/// <summary>One prepared statement, bound as UTF-8 and stepped: as near to the C API as .NET comes.</summary>
internal sealed class RawWriter : IDisposable
{
    private const int TimeLength = 26;
    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _statement;
    private readonly byte[] _time = new byte[TimeLength];
    private long _row;

    public RawWriter(SqliteConnection connection)
    {
        _connection = connection;
        Check(raw.sqlite3_prepare_v3(
            connection.Handle,
            "INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp, metric_metadata) VALUES (?1, ?2, ?3, ?4, ?5)",
            raw.SQLITE_PREPARE_PERSISTENT,
            out _statement));
    }

    public void Insert(int rows)
    {
        for (var i = 0; i < rows; i++, _row++)
        {
            BenchmarkRow.FormatTime(_row, _time);
            Check(raw.sqlite3_bind_text(_statement, 1, BenchmarkRow.SourceNames[_row % BenchmarkRow.SourceNames.Length].AsSpan()));
            Check(raw.sqlite3_bind_text(_statement, 2, BenchmarkRow.MetricTypes[_row % BenchmarkRow.MetricTypes.Length].AsSpan()));
            Check(raw.sqlite3_bind_text(_statement, 3, BenchmarkRow.Values[_row % BenchmarkRow.Values.Length].AsSpan()));
            Check(raw.sqlite3_bind_text(_statement, 4, _time.AsSpan()));
            Check(raw.sqlite3_bind_null(_statement, 5));
            if (raw.sqlite3_step(_statement) != raw.SQLITE_DONE)
                throw new InvalidOperationException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string());
            Check(raw.sqlite3_reset(_statement));
        }
    }

    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw new InvalidOperationException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string());
    }
}
