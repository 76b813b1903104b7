using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Statistics.Processing;
using ThreatLens.Maintenance.Statistics.Sampling;
using ThreatLens.Maintenance.Tests.Statistics.Sampling;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics.Processing;

public sealed class ProcessingReaderTests : StatisticsTestBase
{
    private const string IsNumber = "processing_time GLOB '[0-9]*' AND processing_time NOT GLOB '*[^0-9.]*'";

    [Theory]
    [MemberData(nameof(Windows))]
    public void Read_generated_rows_is_what_plain_sql_counts(string from, string to)
    {
        Generate();

        AssertTruth(from, to);
    }

    [Fact]
    public void Read_without_an_index_is_what_plain_sql_counts()
    {
        Generate();
        foreach (var index in File.Lines("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'events' AND sql IS NOT NULL"))
            File.Execute($"DROP INDEX {index}");

        AssertTruth("2026-10-31 12:00:00", "2026-11-01 12:00:00");
        AssertTotals();
    }

    [Theory]
    [MemberData(nameof(LegacyKinds))]
    public void Read_a_database_of_the_original_is_what_plain_sql_counts(LegacyKind kind, bool genuine)
    {
        LegacyDatabase.Prepare(kind, genuine, File.Path);

        foreach (var (from, to) in new[] { ("2026-10-31 12:00:00", "2026-11-01 12:00:00"), ("2026-09-01 00:00:00", "2026-09-02 00:00:00"), ("2025-01-01 00:00:00", "2027-01-01 00:00:00") })
            AssertTruth(from, to, kind != LegacyKind.PreRealtime);
        AssertTotals(kind != LegacyKind.PreRealtime);
    }

    [Fact]
    public void ReadTotals_generated_rows_is_what_plain_sql_counts()
    {
        Generate(45_000);

        AssertTotals();
        File.Execute("DROP INDEX idx_events_notification_queue; DROP INDEX idx_events_notification_pending");
        AssertTotals();
    }

    [Fact]
    public void ReadSteps_add_up_to_the_window_and_the_last_may_be_shorter()
    {
        Generate();
        var (from, to) = (At("2026-10-30 00:00:00"), At("2026-10-31 01:30:00"));

        var steps = new ProcessingReader(Database, Time).ReadSteps(from, to, TimeSpan.FromHours(1));

        Assert.Equal(26, steps.Count);
        Assert.Equal(TimeSpan.FromMinutes(30), steps[^1].To - steps[^1].From);
        Assert.Equal(new ProcessingReader(Database, Time).Read(from, to).Events, steps.Sum(s => s.Events));
        foreach (var step in steps)
            AssertTruth($"{step.From:yyyy-MM-dd HH:mm:ss}", $"{step.To:yyyy-MM-dd HH:mm:ss}");
    }

    [Fact]
    public void Read_rate_per_hour_is_of_the_window()
    {
        Generate();

        var day = new ProcessingReader(Database, Time).Read(Noon - TimeSpan.FromHours(24), Noon);

        Assert.Equal(day.RealtimeProcessed / 24.0, day.RealtimeProcessedPerHour);
        Assert.Equal(day.Events / 24.0, day.EventsPerHour);
        Assert.NotEqual(0, day.Events);
    }

    [Fact]
    public void Read_without_events_has_no_mean_and_no_percentile()
    {
        Engine().Migrate(new MigrateCommand());

        var day = new ProcessingReader(Database, Time).Read(Noon - TimeSpan.FromHours(24), Noon);

        Assert.Equal((0L, (double?)null, (double?)null), (day.Events, day.MeanProcessingSeconds, day.P95ProcessingSeconds));
    }

    [Fact]
    public void Read_without_the_table_says_what_is_missing()
    {
        File.Execute("CREATE TABLE other(id)");

        Expect.Refusal(ErrorReasons.SchemaNotReady, () => new ProcessingReader(Database, Time).Read(Noon, Noon));
        Expect.Refusal(ErrorReasons.SchemaNotReady, () => new ProcessingReader(Database, Time).ReadTotals());
    }

    [Theory]
    [InlineData("0.480", 0.48)]
    [InlineData(" 7 ", 7.0)]
    [InlineData("1e-3", 0.001)]
    [InlineData("0", 0.0)]
    [InlineData("n/a", null)]
    [InlineData("-1", null)]
    [InlineData("NaN", null)]
    [InlineData("Infinity", null)]
    [InlineData("1e999", null)]
    [InlineData("0.5s", null)]
    [InlineData("1,5", null)]
    [InlineData(" ", null)]
    public void SecondsOf_takes_numbers_that_a_duration_can_be(string text, double? seconds) =>
        Assert.Equal(seconds, ProcessingTally.SecondsOf(System.Text.Encoding.UTF8.GetBytes(text)));

    private void AssertTruth(string from, string to, bool hasColumns = true)
    {
        var read = new ProcessingReader(Database, Time).Read(At(from), At(to));
        var within = Within("timestamp", from, to);
        Assert.Equal(OriginKind.Exact, read.Origin.Kind);
        if (!hasColumns)
        {
            Assert.Equal(Count(within), read.Events);
            Assert.Equal((0L, 0L), (read.RealtimeProcessed, read.ProcessingTimes));
            return;
        }

        Assert.Equal(
            (Count(within), Count($"{within} AND realtime_processed = 1"), Count($"{within} AND realtime_processed = 1 AND notification_sent = 0"), Count($"{within} AND realtime_processed = 1 AND notification_sent IS NULL")),
            (read.Events, read.RealtimeProcessed, read.PendingNotifications, read.UnknownNotifications));
        Assert.Equal(
            (Count($"{within} AND {IsNumber}"), Count($"{within} AND coalesce(processing_time, '') = ''"), Count($"{within} AND processing_time <> '' AND NOT ({IsNumber})")),
            (read.ProcessingTimes, read.MissingProcessingTimes, read.InvalidProcessingTimes));
        Assert.Equal(0, read.P95ErrorBound);
        Assert.Equal(read.ProcessingTimes == 0 ? null : P95(within), read.P95ProcessingSeconds);
        if (read.ProcessingTimes > 0)
            Assert.Equal((double)File.Scalar($"SELECT avg(CAST(processing_time AS REAL)) FROM events WHERE {within} AND {IsNumber}")!, read.MeanProcessingSeconds!.Value, 1e-9 * read.MeanProcessingSeconds.Value);
    }

    private void AssertTotals(bool hasColumns = true)
    {
        var totals = new ProcessingReader(Database, Time).ReadTotals();
        Assert.Equal(
            (Count("1 = 1"), hasColumns ? Count("realtime_processed = 1") : null, hasColumns ? Count("realtime_processed = 1 AND notification_sent = 0") : null),
            (totals.Events, totals.RealtimeProcessed, totals.PendingNotifications));
        Assert.True(totals.Origin.IsOfOneMoment);
    }

    private long Count(string where) => (long)File.Scalar($"SELECT count(*) FROM events NOT INDEXED WHERE {where}")!;

    private double P95(string where) => (double)File.Scalar(
        $"""
        WITH times AS (SELECT CAST(processing_time AS REAL) AS t FROM events WHERE {where} AND {IsNumber})
        SELECT t FROM times ORDER BY t LIMIT 1 OFFSET (SELECT (95 * count(*) + 99) / 100 - 1 FROM times)
        """)!;
}
