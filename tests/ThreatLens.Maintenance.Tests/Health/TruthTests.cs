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
        File.Execute(OddRows.Many);
        File.Execute(OddRows.Odd);
        AddHistory();
        Get<IngestWriter>().Start();
        await SendEachMinuteAsync("a", 90);
        await SendJunkAsync("b", 3);

        var report = StillReport();

        AssertTruth(report);
        AssertService(report);
        Assert.Equal(90d, Value(report, HealthSectionKind.Ingest, "rows_stored"));
        Assert.Equal(Noon, Value(report, HealthSectionKind.Ingest, "last_stored", "a"));
        Assert.Equal(TimeSpan.FromMinutes(1), Value(report, HealthSectionKind.LogSources, "normal_pause", "a"));
        Assert.Equal(new DateTimeOffset(2026, 10, 20, 0, 0, 0, TimeSpan.Zero).AddTicks(10), Value(report, HealthSectionKind.Retention, "oldest", "processing_metrics"));
        foreach (var table in (string[])["events", "notification_history"])
            Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(0.5), Value(report, HealthSectionKind.Retention, "oldest", table));
        AssertEveryFigureIsCompared(report);
    }

    [Fact]
    public async Task Figure_that_nobody_compares_is_noticed()
    {
        await MakeHealthyAsync();
        var report = Report();

        var error = Assert.ThrowsAny<Exception>(() => AssertEveryFigureIsCompared(report));

        Assert.Contains("Processing, pending_notifications, last 24 h", error.Message, StringComparison.Ordinal);
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
        var lately = $"FROM events WHERE {Within("timestamp")}";
        Assert.Equal(Count("SELECT count(*) FROM events"), Of("events"));
        Assert.Equal(Count($"SELECT count(*) {lately}"), Of("events", "last 24 h"));
        Assert.Equal(Count($"SELECT count(*) / 24.0 {lately}"), Of("events_per_hour"));
        if (!File.Lines("SELECT name FROM pragma_table_info('events')").Contains("processing_time"))
        {
            Assert.Null(Of("realtime_processed"));
            return;
        }

        Assert.Equal(Count("SELECT count(*) FROM events WHERE realtime_processed = 1"), Of("realtime_processed"));
        Assert.Equal(Count("SELECT count(*) FROM events WHERE realtime_processed = 1 AND notification_sent = 0"), Of("pending_notifications"));
        Assert.Equal(Count($"SELECT count(*) {lately} AND realtime_processed = 1"), Of("realtime_processed", "last 24 h"));
        Assert.Equal(Count($"SELECT count(*) {lately} AND realtime_processed = 1 AND notification_sent = 0"), Of("pending_notifications", "last 24 h"));
        Assert.Equal(Count($"SELECT count(*) {lately} AND {OddRows.IsNumber}"), Of("processing_times"));
        Assert.Equal(Count($"SELECT count(*) {lately} AND coalesce(processing_time, '') = ''"), Of("processing_times_missing"));
        Assert.Equal(Count($"SELECT count(*) {lately} AND processing_time <> '' AND NOT {OddRows.IsNumber}"), Of("processing_times_junk"));
        var times = File.Rows($"SELECT CAST(processing_time AS REAL) {lately} AND {OddRows.IsNumber} ORDER BY 1").Select(r => (double)r[0]!).ToList();
        Assert.Equal(times.Count == 0 ? null : times.Average(), (double?)Of("processing_time_mean"), (one, other) => one == other || Math.Abs(one!.Value - other!.Value) <= 1e-9 * one);
        Assert.Equal(times.Count == 0 ? null : times[(int)Math.Ceiling(0.95 * times.Count) - 1], Of("processing_time_p95"));
    }

    private void AssertNotifications(HealthReport report)
    {
        AssertCounts(report, "", "1 = 1");
        AssertCounts(report, "last 24 h", Within("sent_at"));
        foreach (var column in (string[])["channel", "notification_type"])
        {
            foreach (var name in File.Rows($"SELECT DISTINCT {column} FROM notification_history WHERE {Within("sent_at")}").Select(r => (string)r[0]!))
                AssertCounts(report, $"last 24 h, {(column == "channel" ? column : "type")} {name}", $"{Within("sent_at")} AND {column} = '{name.Replace("'", "''", StringComparison.Ordinal)}'");
        }

        Assert.Equal(
            Count("SELECT count(*) FROM notification_history WHERE sent_at IS NULL OR typeof(sent_at) <> 'text' OR sent_at NOT GLOB '[0-9]*'"),
            Value(report, HealthSectionKind.Notifications, "undated"));
    }

    private void AssertCounts(HealthReport report, string subject, string where)
    {
        object? Of(string name) => Value(report, HealthSectionKind.Notifications, name, subject);
        foreach (var status in (string[])["sent", "failed", "pending"])
            Assert.Equal(Count($"SELECT count(*) FROM notification_history WHERE status = '{status}' AND {where}"), Of(status));
        Assert.Equal(Count($"SELECT count(*) FROM notification_history WHERE status NOT IN ('sent', 'failed', 'pending') AND {where}"), Of("other"));
        Assert.Equal(File.Scalar($"SELECT sum(status = 'sent') * 1.0 / sum(status IN ('sent', 'failed')) FROM notification_history WHERE {where}") ?? "no data", Of("success_rate"));
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
