using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>Every figure of the report against plain SQL that shares nothing with the service, at a fixed time.</summary>
public sealed partial class TruthTests : HealthTestBase
{
    public static TheoryData<LegacyKind, bool> LegacyKinds() => Statistics.Sampling.StatisticsTestBase.LegacyKinds();

    [Theory]
    [MemberData(nameof(LegacyKinds))]
    public void Report_of_a_database_of_the_original_is_what_plain_sql_counts(LegacyKind kind, bool genuine)
    {
        LegacyDatabase.Prepare(kind, genuine, File.Path);

        AssertTruth(Report());
    }

    [Fact]
    public async Task Report_of_generated_rows_is_what_plain_sql_counts()
    {
        await MakeHealthyAsync();
        File.Execute(
            """
            BEGIN;
            CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n;
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category, processing_time, realtime_processed, notification_sent)
                SELECT 'e' || i, 'r', strftime(CASE i % 3 WHEN 0 THEN '%Y-%m-%d %H:%M:%f123' WHEN 1 THEN '%Y-%m-%d %H:%M:%S' ELSE '%Y-%m-%dT%H:%M:%f456' END, '2026-10-29 12:00:00', (i * 7919 % 259200) || ' seconds'), 's', 'm', 'c',
                    CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'n/a' WHEN 3 THEN '0.25' ELSE i || '' END, CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN 0 ELSE 1 END, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 0 ELSE 1 END FROM n;
            INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at)
                SELECT 'e' || i, CASE i % 2 WHEN 0 THEN 'digest' ELSE 'alert' END, CASE i % 3 WHEN 0 THEN 'email' ELSE 'slack' END, CASE i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'pending' WHEN 2 THEN 'odd' ELSE 'sent' END,
                    strftime(CASE i % 2 WHEN 0 THEN '%Y-%m-%d %H:%M:%S' ELSE '%Y-%m-%dT%H:%M:%S' END, '2026-10-29 12:00:00', (i * 104729 % 259200) || ' seconds') FROM n;
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's' || (i % 3), 't', '1', '2026-10-30T00:00:00' FROM n;
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2026-10-20T00:00:00.000001'), ('s', 't', '1', '2026-10-20 00:00:01'), ('s', 't', '1', '20junk');
            INSERT INTO log_sources(source_name, path, enabled, status, last_monitored) VALUES
                ('a', '/a', 1, 'active', '2026-11-01 11:59:59'), ('b', '/b', 1, 'error', '2026-11-01 11:00:00'), ('c', '/c', 0, 'inactive', NULL), ('d', '/d', NULL, 'active', '2026-11-01T11:59:30.5');
            COMMIT;
            """);
        Get<IngestWriter>().Start();
        await SendEachMinuteAsync("a", 90);

        var report = StillReport();

        AssertTruth(report);
        AssertService(report);
        Assert.Equal(90d, Value(report, HealthSectionKind.Ingest, "rows_stored"));
        Assert.Equal(Noon, Value(report, HealthSectionKind.Ingest, "last_stored", "a"));
        Assert.Equal(TimeSpan.FromMinutes(1), Value(report, HealthSectionKind.LogSources, "normal_pause", "a"));
        Assert.Equal((2d, 1d, 1d, 4d), (Value(report, HealthSectionKind.LogSources, "active"), Value(report, HealthSectionKind.LogSources, "error"), Value(report, HealthSectionKind.LogSources, "disabled"), Value(report, HealthSectionKind.LogSources, "sources")));
        Assert.Equal(new DateTimeOffset(2026, 10, 20, 0, 0, 0, TimeSpan.Zero).AddTicks(10), Value(report, HealthSectionKind.Retention, "oldest", "processing_metrics"));
        AssertEveryFigureIsCompared(report);
    }

    /// <summary>What is in every database, and whatever of the rest the schema has.</summary>
    private void AssertTruth(HealthReport report)
    {
        foreach (var table in File.Tables())
            Assert.Equal(Count($"SELECT count(*) FROM {table}"), Value(report, HealthSectionKind.Tables, "rows", table));
        Assert.Equal(Count("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"), Value(report, HealthSectionKind.Storage, "database_bytes"));
        Assert.Equal(Count("SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"), Value(report, HealthSectionKind.Storage, "free_page_bytes"));
        AssertEvents(report);
        if (File.Tables().Contains("notification_history"))
            AssertNotifications(report);
        else
            Assert.Equal(HealthStatus.Unknown, Section(report, HealthSectionKind.Notifications).Status);
        AssertOldest(report);
        Assert.All(report.Sections.SelectMany(s => s.Figures).Where(f => f.Method == FigureMethod.Sampled && f.Value is not null), f => Assert.NotNull(f.SampledAt));
    }

    private void AssertEvents(HealthReport report)
    {
        object? Of(string name, string subject = "") => Value(report, HealthSectionKind.Processing, name, subject);
        const string Lately = "FROM events WHERE replace(timestamp, 'T', ' ') >= '2026-10-31 12:00:00' AND replace(timestamp, 'T', ' ') < '2026-11-01 12:00:00'";
        const string IsNumber = "processing_time GLOB '[0-9]*' AND processing_time NOT GLOB '*[^0-9.]*'";
        Assert.Equal(Count("SELECT count(*) FROM events"), Of("events"));
        Assert.Equal(Count($"SELECT count(*) {Lately}"), Of("events", "last 24 h"));
        Assert.Equal(Count($"SELECT count(*) / 24.0 {Lately}"), Of("events_per_hour"));
        if (!File.Lines("SELECT name FROM pragma_table_info('events')").Contains("processing_time"))
        {
            Assert.Null(Of("realtime_processed"));
            return;
        }

        Assert.Equal(Count("SELECT count(*) FROM events WHERE realtime_processed = 1"), Of("realtime_processed"));
        Assert.Equal(Count("SELECT count(*) FROM events WHERE realtime_processed = 1 AND notification_sent = 0"), Of("pending_notifications"));
        Assert.Equal(Count($"SELECT count(*) {Lately} AND realtime_processed = 1"), Of("realtime_processed", "last 24 h"));
        Assert.Equal(Count($"SELECT count(*) {Lately} AND {IsNumber}"), Of("processing_times"));
        Assert.Equal(Count($"SELECT count(*) {Lately} AND coalesce(processing_time, '') = ''"), Of("processing_times_missing"));
        Assert.Equal(Count($"SELECT count(*) {Lately} AND processing_time <> '' AND NOT ({IsNumber})"), Of("processing_times_junk"));
        var times = File.Rows($"SELECT CAST(processing_time AS REAL) {Lately} AND {IsNumber} ORDER BY 1").Select(r => (double)r[0]!).ToList();
        Assert.Equal(times.Count == 0 ? null : times.Average(), (double?)Of("processing_time_mean"), (one, other) => one == other || Math.Abs(one!.Value - other!.Value) <= 1e-9 * one);
        Assert.Equal(times.Count == 0 ? null : times[(int)Math.Ceiling(0.95 * times.Count) - 1], Of("processing_time_p95"));
    }

    private void AssertNotifications(HealthReport report)
    {
        object? Of(string name, string subject = "") => Value(report, HealthSectionKind.Notifications, name, subject);
        const string Lately = "replace(sent_at, 'T', ' ') >= '2026-10-31 12:00:00' AND replace(sent_at, 'T', ' ') < '2026-11-01 12:00:00'";
        foreach (var status in (string[])["sent", "failed", "pending"])
        {
            Assert.Equal(Count($"SELECT count(*) FROM notification_history WHERE status = '{status}'"), Of(status));
            Assert.Equal(Count($"SELECT count(*) FROM notification_history WHERE status = '{status}' AND {Lately}"), Of(status, "last 24 h"));
            foreach (var channel in File.Lines($"SELECT DISTINCT channel FROM notification_history WHERE {Lately}"))
                Assert.Equal(Count($"SELECT count(*) FROM notification_history WHERE status = '{status}' AND channel = '{channel}' AND {Lately}"), Of(status, $"last 24 h, channel {channel}"));
            foreach (var type in File.Lines($"SELECT DISTINCT notification_type FROM notification_history WHERE {Lately}"))
                Assert.Equal(Count($"SELECT count(*) FROM notification_history WHERE status = '{status}' AND notification_type = '{type}' AND {Lately}"), Of(status, $"last 24 h, type {type}"));
        }

        Assert.Equal(File.Scalar($"SELECT sum(status = 'sent') * 1.0 / sum(status IN ('sent', 'failed')) FROM notification_history WHERE {Lately}") ?? "no data", Of("success_rate", "last 24 h"));
    }

    private void AssertOldest(HealthReport report)
    {
        foreach (var (table, column) in new[] { ("processing_metrics", "timestamp"), ("events", "timestamp"), ("notification_history", "sent_at") })
        {
            if (Section(report, HealthSectionKind.Retention).Figures.SingleOrDefault(f => f.Name == "oldest" && f.Subject == table) is not { Value: DateTimeOffset oldest })
                continue;
            var text = (string)File.Scalar($"SELECT min(replace({column}, 'T', ' ')) FROM {table} WHERE length({column}) >= 19")!;
            Assert.Equal(text.PadRight(20, '.').PadRight(26, '0'), oldest.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private double Count(string sql) => Convert.ToDouble(File.Scalar(sql), System.Globalization.CultureInfo.InvariantCulture);
}
