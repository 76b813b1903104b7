using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Statistics;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics;

/// <summary>Rows and summaries, page by page.</summary>
public sealed class MetricReaderTests : MetricsTestBase
{
    [Fact]
    public void Raw_orders_the_shapes_of_timestamps_by_time_and_leaves_out_what_is_no_time()
    {
        Migrated(0);
        string?[] shapes =
        [
            "2026-09-02 00:00:00", "2026-09-01T23:59:59.999999", "2026-09-01 23:59:59", "2026-09-01T00:00:00", "2026-09-01 12:00:00.5", "2026-09-01T12:00:00.250000", null,
            "", "n/a", "2026-09-01", "2026-13-45 99:99:99", "2026-09-01 12:00:00+02:00", "2026-09-01T11:59:59Z", "1788000000", "zzz", "2027-01-01T00:00:00", "1950-06-01 00:00:00",
        ];
        foreach (var (shape, i) in shapes.Select((s, i) => (s, i)))
            Insert(shape, $"{i}");

        for (var size = 1; size <= shapes.Length; size++)
            Assert.Equal(["16", "3", "12", "5", "4", "2", "1", "0", "15"], ReadAll(Query(MetricResolution.Raw), size).Select(e => e.Value));
    }

    [Theory]
    [InlineData("12:00:00", "12:00:01", "a b c d")]
    [InlineData("12:00:00.000001", "12:00:01", "c d")]
    [InlineData("12:00:00", "12:00:00.000001", "a b")]
    [InlineData("12:00:00.5", "12:00:00.500001", "c d")]
    [InlineData("11:00:00", "12:00:00", "")]
    [InlineData("12:00:01", "12:00:01", "")]
    [InlineData("12:00:01", "23:00:00", "e f")]
    public void Raw_window_is_half_open_for_every_shape(string from, string to, string expected)
    {
        Migrated(0);
        foreach (var (value, time) in new[] { ("f", "T12:00:01"), ("e", " 12:00:01.000000"), ("d", "T12:00:00.500000"), ("c", " 12:00:00.5"), ("b", "T12:00:00"), ("a", " 12:00:00") })
            Insert("2026-09-01" + time, $"\"{value}\"");

        var found = ReadAll(Query(MetricResolution.Raw, At(0, 0) + TimeSpan.Parse(from, null), At(0, 0) + TimeSpan.Parse(to, null)), 2);

        Assert.Equal(expected, string.Join(' ', found.Select(e => e.Value!.Trim('"'))));
    }

    [Fact]
    public async Task Raw_carries_value_and_metadata_as_stored_and_filters_by_source_and_type()
    {
        Migrated(0);
        await StoreAsync([Sample(At(12, 0), "{\"value\": 1}") with { Metadata = "{\"a\": 1}" }, Sample(At(12, 1), "2", "apache"), Sample(At(12, 2), "3", type: "errors"), Sample(At(12, 3), "4")]);

        var first = ReadAll(Query(MetricResolution.Raw))[0];
        Assert.Equal(("nginx", "latency", "{\"value\": 1}", "{\"a\": 1}", At(12, 0)), (first.SourceName, first.MetricType, first.Value, first.Metadata, first.Time));
        Assert.Null(first.Summary);
        foreach (var resolution in Enum.GetValues<MetricResolution>())
        {
            Assert.Single(ReadAll(Query(resolution) with { SourceName = "apache" }));
            Assert.Single(ReadAll(Query(resolution) with { MetricType = "errors" }));
            Assert.Equal(resolution == MetricResolution.Hour ? 1 : 2, ReadAll(Query(resolution) with { SourceName = "nginx", MetricType = "latency" }).Count);
            Assert.Empty(ReadAll(Query(resolution) with { SourceName = "nginx' OR 1=1 --" }));
        }
    }

    [Theory]
    [InlineData(MetricResolution.Raw)]
    [InlineData(MetricResolution.Minute)]
    [InlineData(MetricResolution.Hour)]
    public async Task Pages_while_ingest_goes_on_bring_what_was_there_once_each(MetricResolution resolution)
    {
        Migrated(0);
        var random = new Random(5);
        var value = 0;
        MetricSample Any() => Sample(At(random.Next(24), random.Next(60), random.Next(60)), $"{value++}", $"s{random.Next(5)}");
        await StoreAsync([.. Enumerable.Range(0, 200).Select(_ => Any())]);
        for (var i = 0; i < 50; i++)
            Insert($"2026-09-01T{random.Next(24):00}:{random.Next(60):00}:{random.Next(60):00}", $"{value++}", $"s{random.Next(5)}");
        var before = ReadAll(Query(resolution)).Select(Key).ToList();

        var paged = new List<MetricEntry>();
        string? after = null;
        do
        {
            var page = Reader().Read(Query(resolution), 9, after);
            paged.AddRange(page.Entries);
            after = page.Next;
            await StoreAsync([Any(), Any()]);
            Insert($"2026-09-01T{random.Next(24):00}:00:00", $"{value++}", $"s{random.Next(5)}");
        }
        while (after is not null);

        var keys = paged.Select(Key).ToList();
        Assert.Equal(keys.Distinct().Count(), keys.Count);
        Assert.Empty(before.Except(keys));
        static (DateTimeOffset, string, string?) Key(MetricEntry e) => (e.Time, e.SourceName, e.Value);
    }

    [Theory]
    [InlineData(MetricResolution.Minute, 1)]
    [InlineData(MetricResolution.Minute, 4)]
    [InlineData(MetricResolution.Hour, 1)]
    [InlineData(MetricResolution.Hour, 4)]
    public async Task Summaries_of_any_page_size_are_those_of_one_page(MetricResolution resolution, int size)
    {
        Migrated(0);
        await StoreAsync([.. Enumerable.Range(0, 60).Select(i => Sample(At(10 + (i % 3), i % 7), $"{i}", $"s{i % 4}", $"t{i % 2}"))]);
        Insert("2026-09-01T10:03:00", "1000", "s1");

        Assert.Equal(ReadAll(Query(resolution)).Select(Line), ReadAll(Query(resolution), size).Select(Line));
    }

    [Fact]
    public async Task Summary_window_is_widened_to_whole_steps()
    {
        Migrated(0);
        await StoreAsync([Sample(At(11, 59, 59)), Sample(At(12, 0, 5)), Sample(At(12, 1)), Sample(At(12, 2, 59)), Sample(At(12, 3)), Sample(At(13, 0))]);

        var query = Query(MetricResolution.Minute, At(12, 0, 30), At(12, 2, 1));
        Assert.Equal((At(12, 0), At(12, 3)), query.Window);
        Assert.Equal([At(12, 0), At(12, 1), At(12, 2)], ReadAll(query).Select(e => e.Time));
        var hours = Query(MetricResolution.Hour, At(12, 59), At(13, 0));
        Assert.Equal((At(12, 0), At(13, 0)), hours.Window);
        Assert.Equal(4, Assert.Single(ReadAll(hours)).Summary!.Count);
        Assert.Equal(DateTimeOffset.MaxValue, Query(MetricResolution.Hour).Window.To);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("nginx", null)]
    [InlineData(null, "latency")]
    [InlineData("nginx", "latency")]
    public void Raw_of_a_bounded_window_reads_a_range_of_an_index(string? source, string? type)
    {
        Migrated(0);
        foreach (var version in new[] { "003", "002" })
        {
            if (version == "002")
                Engine().Rollback(new RollbackCommand { Version = "003" });
            var index = version == "003" && source is not null && type is not null
                ? "idx_processing_metrics_source_type_time (source_name=? AND metric_type=? AND timestamp>? AND timestamp<?)"
                : "idx_processing_metrics_timestamp (timestamp>? AND timestamp<?)";
            foreach (var pending in new[] { false, true })
            {
                var rows = SqliteSession.Read(Database(), "planning", session => new RawMetrics(session, Query(MetricResolution.Raw) with { SourceName = source, MetricType = type }, pending));
                foreach (var sql in new[] { rows.SequenceSql(false), rows.SequenceSql(true), rows.NextSql })
                {
                    var plan = Plan(sql);
                    Assert.Contains($"INDEX {index}", plan, StringComparison.Ordinal);
                    Assert.DoesNotContain("SCAN", plan, StringComparison.Ordinal);
                    Assert.DoesNotContain("B-TREE", plan, StringComparison.Ordinal);
                }
            }
        }
    }

    [Theory]
    [InlineData(MetricResolution.Raw)]
    [InlineData(MetricResolution.Minute)]
    public void Read_without_the_table_says_what_to_do(MetricResolution resolution)
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "000" });

        Assert.Contains("001_add_realtime_tables", Expect.Refusal(ErrorReasons.SchemaNotReady, () => Reader().Read(Query(resolution), 10, null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MetricResolution.Raw, "x")]
    [InlineData(MetricResolution.Raw, "[]")]
    [InlineData(MetricResolution.Raw, "null")]
    [InlineData(MetricResolution.Raw, "[\"1\",\"'; DROP TABLE events; --\",\"1\",null,null]")]
    [InlineData(MetricResolution.Raw, "[\"1\",\"2026-09-01 00:00:00\",null,null,null]")]
    [InlineData(MetricResolution.Raw, "[\"1e3\",null,null,null,null]")]
    [InlineData(MetricResolution.Minute, "[\"1\",\"s\"]")]
    [InlineData(MetricResolution.Minute, "[\"1\",null,\"t\"]")]
    [InlineData(MetricResolution.Hour, "[\"9223372036854775807\",\"s\",\"t\"]")]
    [InlineData(MetricResolution.Hour, "[\"-9223372036854775808\",\"s\",\"t\"]")]
    public void Position_that_no_page_gave_is_refused(MetricResolution resolution, string position)
    {
        Migrated(0);

        Expect.BadField("page_token", () => Reader().Read(Query(resolution), 10, position));
    }

    [Theory]
    [InlineData("[\"9223372036854775807\",null,null,null,null]")]
    [InlineData("[\"-9223372036854775808\",null,null,null,null]")]
    [InlineData("[\"0\",\"9999-12-31 23:59:59\",\"9223372036854775807\",\"0001-01-01T00:00:00\",\"-1\"]")]
    public void Position_beyond_all_time_harms_nothing(string position)
    {
        Migrated(0);
        Insert("2026-09-01 12:00:00");

        Assert.True(Reader().Read(Query(MetricResolution.Raw), 10, position).Entries.Count <= 1);
    }

    [Fact]
    public void Page_of_large_values_ends_early_and_the_next_goes_on()
    {
        Migrated(0);
        for (var i = 0; i < 5; i++)
            Insert($"2026-09-01 12:00:0{i}", "\"" + new string('x', 400_000) + "\"");

        Assert.Equal(2, Reader().Read(Query(MetricResolution.Raw), 100, null).Entries.Count);
        Assert.Equal(5, ReadAll(Query(MetricResolution.Raw), 100).Count);
    }

    [Fact]
    public void Read_that_is_cancelled_ends_within_its_statement()
    {
        Migrated(0);
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's', 't', '1', '2026-09-01 12:00:00.' || printf('%06d', i) FROM n
            """);
        using var cancelled = new CancellationTokenSource();
        using var done = new CancellationTokenSource();
        var reading = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
                Reader().Read(Query(MetricResolution.Raw) with { SourceName = "nobody" }, 10, null, cancelled.Token);
        }, CancellationToken.None);

        cancelled.CancelAfter(TimeSpan.FromMilliseconds(20));

        Assert.ThrowsAny<OperationCanceledException>(() => reading.GetAwaiter().GetResult());
    }

    private string Plan(string sql)
    {
        using var connection = File.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var name in new[] { "$low", "$high", "$id", "$source", "$type" })
            command.Parameters.AddWithValue(name, "2026-09-01");
        using var reader = command.ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
            lines.Add(reader.GetString(3));
        return string.Join('\n', lines);
    }
}
