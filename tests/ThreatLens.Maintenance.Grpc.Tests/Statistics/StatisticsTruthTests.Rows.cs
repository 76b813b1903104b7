using System.Globalization;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Statistics;

/// <summary>Log sources, metrics read back, sizes.</summary>
public sealed partial class StatisticsTruthTests
{
    private async Task AssertSourcesAsync()
    {
        var response = await _service.Maintenance.ListLogSourcesAsync(new ListLogSourcesRequest { PageSize = 1000 });

        var rows = _service.Database.Rows("SELECT source_name, path, coalesce(enabled, 1) <> 0, coalesce(status, ''), last_monitored, coalesce(file_size, 0), coalesce(last_offset, 0), coalesce(error_message, '') FROM log_sources ORDER BY source_name");
        Assert.Equal(rows.Count, response.LogSources.Count);
        foreach (var (source, row) in response.LogSources.Zip(rows))
        {
            _fields.Equal(source, "source_name", row[0]);
            _fields.Equal(source, "path", row[1]);
            _fields.Equal(source, "enabled", row[2] is 1L);
            _fields.Equal(source, "status", Enum.TryParse<LogSourceStatus>((string)row[3]!, ignoreCase: true, out var status) ? status : LogSourceStatus.Unspecified);
            _fields.Equal(source, "raw_status", row[3]);
            _fields.Equal(source, "last_monitored_time", DateTimeOffset.TryParse(row[4] as string, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null);
            _fields.Equal(source, "file_size", row[5]);
            _fields.Equal(source, "last_offset", row[6]);
            _fields.Equal(source, "error_message", row[7]);
        }

        _fields.Equal(response, "next_page_token", "");
    }

    /// <summary>Every sample by itself, then per hour.</summary>
    private async Task AssertMetricsAsync(string from, string to)
    {
        const string Second = "replace(substr(timestamp, 1, 19), 'T', ' ')";
        const string Fraction = "substr(iif(substr(timestamp, 20, 1) = '.', rtrim(substr(timestamp, 21), 'Z'), '') || '000000', 1, 6)";
        // Times with an offset lie in no window of these.
        var within = $"timestamp NOT GLOB '*[0-9][+-][0-9][0-9]:[0-9][0-9]' AND strftime('%s', substr(timestamp, 1, 19)) IS NOT NULL AND length(timestamp) >= 19 AND {Second} >= '{from}' AND {Second} < '{to}'";
        var request = new GetProcessingMetricsRequest { Window = Window(from, to), PageSize = 1000 };

        var raw = await AllMetricsAsync(request);
        var rows = _service.Database.Rows($"SELECT {Second} || '.' || {Fraction}, source_name, metric_type, metric_value, coalesce(metric_metadata, ''), id FROM processing_metrics WHERE {within} ORDER BY 1, id");
        AssertRange(raw.Window, At(from), At(to));
        _fields.Equal(raw, "next_page_token", "");
        Assert.Equal(rows.Count, raw.Metrics.Count);
        // Rows of the same moment come in no order that is promised.
        foreach (var (metric, row) in raw.Metrics.OrderBy(m => m.Time.ToDateTimeOffset()).ThenBy(m => m.SourceName, StringComparer.Ordinal).ThenBy(m => m.MetricValue, StringComparer.Ordinal)
            .Zip(rows.OrderBy(r => (string)r[0]!, StringComparer.Ordinal).ThenBy(r => (string)r[1]!, StringComparer.Ordinal).ThenBy(r => (string)r[3]!, StringComparer.Ordinal)))
        {
            _fields.Equal(metric, "time", At((string)row[0]!));
            foreach (var (field, value) in new[] { "source_name", "metric_type", "metric_value", "metric_metadata" }.Zip(row[1..]))
                _fields.Equal(metric, field, value);
        }

        request.Resolution = MetricResolution.Hour;
        var hours = await AllMetricsAsync(request);
        const string Number = "CASE WHEN json_valid(metric_value) THEN CASE json_type(metric_value) WHEN 'object' THEN iif(json_type(metric_value, '$.value') IN ('integer', 'real'), json_extract(metric_value, '$.value'), NULL) WHEN 'integer' THEN CAST(metric_value AS REAL) WHEN 'real' THEN CAST(metric_value AS REAL) END END";
        var sums = _service.Database.Rows(
            $"""
            WITH n AS (SELECT substr({Second}, 1, 13) || ':00:00' AS hour, source_name AS s, metric_type AS t, {Second} || {Fraction} AS at, id, iif(abs({Number}) < 9e307, CAST({Number} AS REAL), NULL) AS v FROM processing_metrics WHERE {within}),
                l AS (SELECT *, row_number() OVER (PARTITION BY hour, s, t ORDER BY v IS NULL, at DESC, id DESC) AS place FROM n)
            SELECT hour, s, t, count(v), coalesce(sum(v), 0.0), coalesce(min(v), 0.0), coalesce(max(v), 0.0), coalesce(max(iif(place = 1, v, NULL)), 0.0), count(*) - count(v) FROM l GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """);
        Assert.Equal(sums.Count, hours.Metrics.Count);
        foreach (var (metric, row) in hours.Metrics.Zip(sums))
        {
            _fields.Equal(metric, "time", At((string)row[0]!));
            foreach (var (field, value) in new[] { "source_name", "metric_type", "count", "sum", "min", "max", "last", "non_numeric_count" }.Zip(row[1..]))
            {
                // Added up in another order, the last bit of a sum may be another one.
                if (field == "sum")
                    _fields.Close(metric, field, (double)value!, 1e-9);
                else
                    _fields.Equal(metric, field, value);
            }
        }
    }

    /// <summary>All pages, as one.</summary>
    private async Task<GetProcessingMetricsResponse> AllMetricsAsync(GetProcessingMetricsRequest request)
    {
        var all = await _service.Maintenance.GetProcessingMetricsAsync(request);
        while (all.NextPageToken.Length > 0)
        {
            var next = await _service.Maintenance.GetProcessingMetricsAsync(new GetProcessingMetricsRequest(request) { PageToken = all.NextPageToken });
            all.Metrics.Add(next.Metrics);
            all.NextPageToken = next.NextPageToken;
        }

        return all;
    }

    /// <summary>Each object's pages are compared where the reader of sizes is tested; here their sum, and all that SQLite tells itself.</summary>
    private async Task AssertSizeAsync()
    {
        // What was inserted is summed up in the background, and moved out of the log: asked again until nothing of that comes in between.
        var (files, size) = await Eventually.AsyncUntil(
            async () => (Files(), (await _service.Maintenance.GetDatabaseSizeAsync(new GetDatabaseSizeRequest())).Size),
            seen => seen.Item1 == (seen.Size.FileBytes, seen.Size.WalBytes) && seen.Item1 == Files(), "sizes that nobody changes meanwhile");
        var page = (long)_service.Database.Scalar("PRAGMA page_size")!;
        _fields.Equal(size, "file_bytes", files.Item1);
        _fields.Equal(size, "wal_bytes", files.Item2);
        _fields.Equal(size, "free_bytes", (long)_service.Database.Scalar("PRAGMA freelist_count")! * page);
        _fields.Equal(size, "database_bytes", (long)_service.Database.Scalar("PRAGMA page_count")! * page);
        _fields.Equal(size, "overhead_bytes", size.DatabaseBytes - size.FreeBytes - size.Objects.Sum(o => o.Bytes));
        _fields.InRange(size, "measure_time", DateTimeOffset.UnixEpoch, TimeProvider.System.GetUtcNow());
        // A sentence for people.
        Assert.NotEqual("", size.Method);
        _fields.Equal(size, "method", size.Method);
        var objects = _service.Database.Rows("SELECT type, name, tbl_name FROM sqlite_master WHERE rootpage > 0 UNION ALL SELECT 'table', 'sqlite_schema', 'sqlite_schema' ORDER BY name");
        Assert.Equal(objects.Select(o => (string)o[1]!).Order(StringComparer.Ordinal), size.Objects.Select(o => o.Name).Order(StringComparer.Ordinal));
        foreach (var row in objects)
        {
            var one = size.Objects.Single(o => o.Name == (string)row[1]!);
            _fields.Equal(one, "object_type", row[0]);
            _fields.Equal(one, "name", row[1]);
            _fields.Equal(one, "table", row[2]);
            _fields.Equal(one, "error_bound", 0d);
            _fields.InRange(one, "bytes", page, size.DatabaseBytes);
            Assert.Equal(0, one.Bytes % page);
            _fields.InRange(one, "unused_bytes", 0, one.Bytes);
            var rows = (string)row[0]! == "index" ? 0 : (long)_service.Database.Scalar($"SELECT count(*) FROM \"{one.Name}\"")!;
            _fields.InRange(one, "rows_error_bound", 0, 0.5);
            _fields.Close(one, "rows", rows, one.RowsErrorBound);
        }

        (long, long) Files() => (new FileInfo(_service.Database.Path).Length, new FileInfo(_service.Database.Path + "-wal") is { Exists: true } log ? log.Length : 0);
    }
}
