using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Health.Sections;
using ThreatLens.Maintenance.Statistics.Sampling;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>Nothing that was not looked at, or too long ago, counts as fine; nor does what was looked at in something else.</summary>
public sealed class UnknownTests : HealthTestBase
{
    [Fact]
    public async Task Report_samples_that_are_too_old_are_unknown()
    {
        await MakeHealthyAsync();
        // So that its rows are sampled.
        File.Execute("CREATE TABLE ballast(b); INSERT INTO ballast VALUES (zeroblob(3000000))");
        Watch("s");
        HealthSectionKind[] sampled = [HealthSectionKind.Tables, HealthSectionKind.LogSources, HealthSectionKind.Processing, HealthSectionKind.Notifications, HealthSectionKind.Performance, HealthSectionKind.Retention];
        Assert.All(sampled, kind => Assert.Equal(HealthStatus.Ok, Section(Report(), kind).Status));
        Time.Advance(TimeSpan.FromMinutes(16));
        Watch("s");

        var report = Get<HealthReporter>().Report([], CancellationToken.None);

        Assert.All(sampled, kind => Assert.Equal(HealthStatus.Unknown, Section(report, kind).Status));
        Assert.All(sampled, kind => Assert.Equal(HealthStatus.Ok, Section(Report(), kind).Status));
    }

    [Fact]
    public async Task Report_nothing_is_fine_once_the_file_is_gone_whatever_is_remembered_of_it()
    {
        await MakeHealthyAsync();
        Assert.Contains(Report().Sections, s => s.Status == HealthStatus.Ok);
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        foreach (var file in new[] { "", "-wal", "-shm" })
            System.IO.File.Delete(File.Path + file);

        var report = Get<HealthReporter>().Report([], CancellationToken.None);

        Assert.DoesNotContain(report.Sections, s => s.Status == HealthStatus.Ok);
    }

    [Fact]
    public async Task Report_oldest_row_that_cannot_be_found_is_not_an_empty_table()
    {
        await MakeHealthyAsync();
        Assert.Equal(("none", false), (Of("oldest"), Of("behind")));
        File.Execute("DROP INDEX idx_notification_history_sent_at");
        Notify(10_000, "2026-10-31 12:00:00");
        // A short table is walked through.
        Assert.Equal((new DateTimeOffset(2026, 10, 31, 12, 0, 0, TimeSpan.Zero), false), (Of("oldest"), Of("behind")));
        Assert.Equal(HealthStatus.Ok, Section(Report(), HealthSectionKind.Retention).Status);

        Notify(1, "2020-01-01 00:00:00");

        Assert.Equal((null, null), (Of("oldest"), Of("behind")));
        var section = Section(Report(), HealthSectionKind.Retention);
        Assert.Equal(HealthStatus.Unknown, section.Status);
        Assert.Contains("notification_history", section.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_times_that_cannot_be_read_hide_no_oldest_row()
    {
        await MakeHealthyAsync();
        Notify(100, "1junk");
        Notify(1, "2020-01-01 00:00:00");

        Assert.Equal((null, HealthStatus.Unknown), (Of("oldest"), Section(Report(), HealthSectionKind.Retention).Status));
    }

    [Fact]
    public async Task Report_drill_of_another_backup_says_nothing_of_the_newest()
    {
        await MakeHealthyAsync();
        Assert.Equal(true, Value(Report(), HealthSectionKind.Backups, "newest_rehearsed"));
        var older = Get<BackupDirectory>().List()[0].Name;
        Time.Advance(TimeSpan.FromMinutes(1));
        await Get<BackupOperations>().BackupAsync(null, Request(), CancellationToken.None);
        var newest = Get<BackupDirectory>().List()[0].Name;
        Assert.Equal((false, true), (Value(Report(), HealthSectionKind.Backups, "newest_rehearsed"), Value(Report(), HealthSectionKind.Backups, "last_drill_passed")));
        Assert.Empty(Findings());

        Drill("a", older, passed: false);
        Assert.Equal(["backups.not_rehearsed"], Findings());
        Drill("b", newest, passed: false);
        Drill("c", older, passed: true);
        Assert.Equal(["backups.drill_failed"], Findings());

        Time.Advance(TimeSpan.FromSeconds(1));
        await Get<RestoreDrillOperations>().RunAsync(null, Request(), CancellationToken.None);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_errors_are_told_of_operations_that_were_interrupted_and_of_calls_and_as_rates()
    {
        await MakeHealthyAsync();
        File.Execute("UPDATE maintenance_operations SET state = 'Interrupted' WHERE kind = 'RestoreDrill'; UPDATE maintenance_operations SET state = 'Failed' WHERE kind = 'Backup'");
        Get<CallErrors>().Count(ErrorKind.Unavailable);
        Get<CallErrors>().Count(ErrorKind.InvalidArgument);
        Time.Advance(TimeSpan.FromHours(2));
        Get<CallErrors>().Count(ErrorKind.Internal);

        var report = Report();

        object? Of(string name, string subject) => Value(report, HealthSectionKind.Errors, name, subject);
        Assert.Equal((0d, 2d, 2d / 24), (Of("errors_1_hour", "operations"), Of("errors_24_hours", "operations"), Of("rate_24_hours", "operations")));
        // Since the process began two hours ago.
        Assert.Equal((1d, 1d, 2d, 1d), (Of("errors_1_hour", "calls, service"), Of("rate_1_hour", "calls, service"), Of("errors_24_hours", "calls, service"), Of("rate_24_hours", "calls, service")));
        Assert.Equal((1d, 0.5), (Of("errors_24_hours", "calls, caller"), Of("rate_24_hours", "calls, caller")));
        Assert.Equal(0d, Of("errors_24_hours", "ingest, groups not stored"));
    }

    [Fact]
    public async Task Look_table_that_is_too_large_to_count_is_estimated_within_its_bound()
    {
        await MakeHealthyAsync();
        File.Execute(
            $"""
            CREATE TABLE many(i INTEGER PRIMARY KEY);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {TableRows.MostCountedRows + 200_000}) INSERT INTO many SELECT i FROM n;
            """);
        Get<TableRows>().Take(CancellationToken.None);
        Assert.True(Get<TableRows>().Last!.Value.Single(c => c.Table == "many").IsLeftOut);

        var figure = Section(Report(), HealthSectionKind.Tables).Figures.Single(f => f.Subject == "many");

        Assert.Equal(FigureMethod.Estimated, figure.Method);
        Assert.InRange(Math.Abs((double)figure.Value! - (TableRows.MostCountedRows + 200_000)), 0, figure.ErrorBound * (double)figure.Value!);
        Assert.Equal(Time.GetUtcNow(), figure.SampledAt);
    }

    [Fact]
    public void From_figure_that_is_of_no_one_moment_keeps_when_its_counting_began()
    {
        var figure = HealthFigure.Count("events", 3, "events");

        Assert.Equal((FigureMethod.Sampled, Noon.AddSeconds(9), Noon), Parts(figure.From(new Origin(OriginKind.Sampled, Noon, Noon.AddSeconds(9), IsOfOneMoment: false))));
        Assert.Equal((FigureMethod.Sampled, Noon.AddSeconds(9), null), Parts(figure.From(new Origin(OriginKind.Sampled, Noon, Noon.AddSeconds(9)))));
    }

    [Theory]
    [InlineData(15, 0, 1, HealthStatus.Ok)]
    [InlineData(16, 0, 1, HealthStatus.Unknown)]
    [InlineData(16, 5, 1, HealthStatus.Ok)]
    [InlineData(17, 5, 1, HealthStatus.Unknown)]
    [InlineData(120, 0, 60, HealthStatus.Ok)]
    [InlineData(121, 0, 60, HealthStatus.Unknown)]
    public void StatusOf_sample_counts_for_a_while_longer_where_taking_it_takes_long_or_is_wanted_seldom(int minutes, int seconds, int interval, HealthStatus expected) =>
        Assert.Equal(expected, SampleAge.StatusOf(TimeSpan.FromMinutes(minutes), TimeSpan.FromSeconds(seconds), TimeSpan.FromMinutes(interval)));

    private static (FigureMethod, DateTimeOffset?, DateTimeOffset?) Parts(HealthFigure figure) => (figure.Method, figure.SampledAt, figure.CountedSince);

    private object? Of(string name) => Value(Report(), HealthSectionKind.Retention, name, "notification_history");

    private void Notify(int count, string at) => File.Execute(
        $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) SELECT 'e', 't', 'c', 'sent', '{at}' FROM n");

    private void Drill(string id, string backup, bool passed)
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        Get<RestoreDrillStore>().Add(new StoredDrill(id, backup, Time.GetUtcNow(), TimeSpan.FromSeconds(1), passed, passed ? [] : ["It is damaged."]));
    }
}
