using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>What is normal for a source, for how long that is known, and what is said where nothing is normal.</summary>
public sealed class RhythmTests : HealthTestBase
{
    [Fact]
    public async Task Report_source_that_is_silent_for_days_is_still_told_by_its_rhythm_also_by_the_next_process()
    {
        await MakeAsync();
        await SendEachMinuteAsync("busy", 60);
        Assert.Equal(59d, Figure(Report(), "pauses", "busy"));

        // None of its metrics are of the last day any more.
        Time.Advance(TimeSpan.FromDays(3));
        Watch("busy");

        AssertSilent(Report());
        AssertSilent(Report(NewHost(Time, File)));
    }

    [Fact]
    public async Task Report_source_that_fell_silent_keeps_its_rhythm_while_its_pauses_leave_the_last_day()
    {
        await MakeAsync();
        await SendEachMinuteAsync("busy", 60);
        Report();

        // One of its minutes is within the last day: no pause at all.
        Time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(30));
        Watch("busy");

        AssertSilent(Report());
    }

    [Fact]
    public async Task Report_source_of_few_pauses_has_no_rhythm_and_is_silent_after_the_default_time()
    {
        await MakeAsync();
        await SendEachMinuteAsync("rare", SourceRhythm.LeastPauses);
        Time.Advance(TimeSpan.FromHours(23));
        Watch("rare");

        var before = Report();

        Assert.DoesNotContain(Section(before, HealthSectionKind.LogSources).Findings, f => f.Id == "log_sources.silent");
        Assert.Equal((null, (double)SourceRhythm.LeastPauses - 1, TimeSpan.FromHours(24)), (Figure(before, "normal_pause", "rare"), Figure(before, "pauses", "rare"), Figure(before, "silent_after", "rare")));
        Time.Advance(TimeSpan.FromHours(2));
        Watch("rare");
        var finding = Assert.Single(Section(Report(), HealthSectionKind.LogSources).Findings, f => f.Subject == "rare");
        Assert.Equal("log_sources.silent", finding.Id);
        Assert.Contains("19 pauses make no rhythm", finding.Evidence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(23, 0)]
    [InlineData(25, 1)]
    public async Task Report_watched_source_that_never_sent_anything_is_silent_since_it_was_registered(int hours, int findings)
    {
        await MakeAsync();
        Register("never", Time.GetUtcNow().AddHours(-hours));

        var silent = Section(Report(), HealthSectionKind.LogSources).Findings;

        Assert.Equal(findings, silent.Count);
        Assert.All(silent, f => Assert.Equal(("log_sources.silent", "never", "threatlens log-source disable never"), (f.Id, f.Subject, f.Command)));
        Assert.All(silent, f => Assert.Contains("no metric ever came since it was registered, 25 h ago; 24 h are allowed", f.Evidence, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Report_source_whose_metrics_are_not_summed_up_yet_has_sent()
    {
        await MakeAsync();
        Register("foreign", Time.GetUtcNow().AddDays(-9));
        File.Execute($"INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('foreign', 't', '1', '{Time.GetUtcNow().AddHours(-1):yyyy-MM-dd HH:mm:ss}')");

        Assert.Empty(Section(Report(), HealthSectionKind.LogSources).Findings);
    }

    [Fact]
    public async Task Report_source_that_is_paused_on_purpose_is_not_silent()
    {
        await MakeAsync();
        Register("never", Time.GetUtcNow().AddDays(-9));
        File.Execute("UPDATE log_sources SET status = 'paused' WHERE source_name = 'never'");

        Assert.Empty(Section(Report(), HealthSectionKind.LogSources).Findings);
    }

    [Fact]
    public async Task Report_rhythm_of_before_counts_until_the_new_one_has_pauses_enough()
    {
        await MakeAsync();
        await SendEachMinuteAsync("busy", 60);
        Report();
        Time.Advance(TimeSpan.FromDays(2));
        await SendEachMinuteAsync("busy", 1);
        Watch("busy");

        var back = Report();

        Assert.Empty(Section(back, HealthSectionKind.LogSources).Findings);
        Assert.Equal((TimeSpan.FromMinutes(1), 59d), (Figure(back, "normal_pause", "busy"), Figure(back, "pauses", "busy")));
    }

    [Fact]
    public async Task Look_stores_no_more_sources_than_it_may()
    {
        await MakeAsync();
        File.Execute($"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SourceRhythmStore.MaxSources + 5}) INSERT INTO maintenance_source_rhythms SELECT 's' || i, i, 1, 30 FROM n");
        await SendEachMinuteAsync("busy", 30);

        Report();

        Assert.Equal((long)SourceRhythmStore.MaxSources, File.Scalar("SELECT count(*) FROM maintenance_source_rhythms"));
        Assert.Equal(29L, File.Scalar("SELECT pauses FROM maintenance_source_rhythms WHERE source_name = 'busy'"));
    }

    [Fact]
    public async Task Report_more_sources_than_a_report_reads_are_all_counted_and_judged()
    {
        await MakeAsync();
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
            INSERT INTO log_sources(source_name, path, enabled, status, last_monitored) SELECT printf('s%05d', i), '/logs/' || i, i <> 2400, iif(i = 2500, 'error', 'active'), '2026-11-01 12:00:00' FROM n
            """);

        var section = Section(Report(), HealthSectionKind.LogSources);

        foreach (var (name, condition) in new[] { ("sources", "1"), ("active", "status = 'active'"), ("error", "status = 'error'"), ("disabled", "enabled = 0") })
        {
            var figure = section.Figures.Single(f => f.Name == name);
            Assert.Equal(((double)(long)File.Scalar($"SELECT count(*) FROM log_sources WHERE {condition}")!, FigureMethod.Sampled), (figure.Value, figure.Method));
        }

        Assert.Equal("s02500", Assert.Single(section.Findings).Subject);
    }

    private async Task MakeAsync()
    {
        Get<MigrationEngine>().Migrate(new MigrateCommand());
        Get<ServiceSchema>().Ensure(mayCreateDatabase: false, CancellationToken.None);
        Get<IngestWriter>().Start();
        await SendEachMinuteAsync("other", 1);
        Watch("busy");
    }

    private void Register(string source, DateTimeOffset at)
    {
        Watch(source);
        File.Execute($"UPDATE log_sources SET created_at = '{at:yyyy-MM-dd HH:mm:ss}' WHERE source_name = '{source}'");
    }

    private static object? Figure(HealthReport report, string name, string source) => Value(report, HealthSectionKind.LogSources, name, source);

    private static void AssertSilent(HealthReport report)
    {
        var finding = Assert.Single(Section(report, HealthSectionKind.LogSources).Findings);
        Assert.Equal(("log_sources.silent", "busy"), (finding.Id, finding.Subject));
        Assert.Contains("normally there is one every 1 min, by 59 pauses", finding.Evidence, StringComparison.Ordinal);
    }
}
