using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Tests.Migrations;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>Every policy on databases of the original application, row by row against the oracle.</summary>
public sealed class LegacyCleanupTests : RetentionTestBase
{
    private static readonly string[] Tables = ["processing_metrics", "notification_history", "events", "raw_logs"];

    public static TheoryData<LegacyKind, bool> Everything() => LegacyDatabaseTests.Everything();

    [Theory]
    [MemberData(nameof(Everything))]
    public void Run_configured_policies_leave_what_the_oracle_leaves(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        var left = new RetentionOracle(File, Noon).Left(Age("processing_metrics", 30), Age("notification_history", 90), Age("events", 365));

        AssertCleans(left, new CleanupCommand());

        // What is done is done.
        AssertCleans(left, new CleanupCommand());
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Run_each_policy_by_age_leaves_what_the_oracle_leaves(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        ConfigureNothing();
        // From the gentlest to everything: each run finds what the one before has left.
        foreach (var days in (int[])[300, 60, 20, 0])
        {
            foreach (var table in Tables)
            {
                var policy = Age(table, days);
                AssertCleans(new RetentionOracle(File, Noon).Left(policy), new CleanupCommand { Policies = [policy] });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Run_each_policy_by_number_leaves_what_the_oracle_leaves(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        ConfigureNothing();
        foreach (var rows in (int[])[3999, 500, 1])
        {
            foreach (var table in Tables)
            {
                var policy = new RetentionPolicy { Table = table, MaxRows = rows };
                AssertCleans(new RetentionOracle(File, Noon).Left(policy), new CleanupCommand { Policies = [policy] });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Run_with_holds_leaves_what_they_pin_and_what_belongs_to_it(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        var source = (string)File.Scalar("SELECT source FROM events ORDER BY id LIMIT 1")!;
        var eventId = (string)File.Scalar("SELECT id FROM events WHERE id IN (SELECT event_id FROM ai_analysis) ORDER BY id DESC LIMIT 1")!;
        HoldTarget[] targets =
        [
            new() { Start = new(2026, 8, 30, 0, 0, 0, TimeSpan.Zero), End = new(2026, 9, 1, 14, 15, 43, TimeSpan.Zero) },
            new() { SourceName = genuine ? source : "source-0" },
            new() { EventId = eventId },
        ];
        foreach (var target in targets)
            Pin(target);
        RetentionPolicy[] policies = [Age("processing_metrics", 7), Age("notification_history", 7), Age("events", 7), Age("raw_logs", 7)];

        var analyses = File.Scalar($"SELECT count(*) FROM ai_analysis WHERE event_id = '{eventId}'");

        var result = AssertCleans(new RetentionOracle(File, Noon, targets).Left(policies), new CleanupCommand { Policies = policies });

        Assert.True(result.Tables.Sum(t => t.HeldRows) > 0, "no row was held");
        Assert.Equal(1L, File.Scalar($"SELECT count(*) FROM events WHERE id = '{eventId}'"));
        Assert.Equal(analyses, File.Scalar($"SELECT count(*) FROM ai_analysis WHERE event_id = '{eventId}'"));
    }

    [Fact]
    public void Run_table_that_is_not_there_is_skipped_and_said()
    {
        Prepare(LegacyKind.PreRealtime, genuine: false);

        var result = Clean(new CleanupCommand());

        Assert.Equal(
            ["processing_metrics", "notification_history"], result.Tables.Where(t => t.Skipped.Length > 0).Select(t => t.Table));
    }

    private void Prepare(LegacyKind kind, bool genuine)
    {
        LegacyDatabase.Prepare(kind, genuine, File.Path);
        PrepareOwnTables();
    }

    // Only what a test names a policy for.
    private void ConfigureNothing()
    {
        foreach (var table in (TableRetentionOptions[])[Options.ProcessingMetrics, Options.NotificationHistory, Options.Events, Options.Operations])
            table.Enabled = false;
    }

    private static RetentionPolicy Age(string table, int days) => new() { Table = table, MaxAge = TimeSpan.FromDays(days), ConfirmsEverything = days == 0 };
}
