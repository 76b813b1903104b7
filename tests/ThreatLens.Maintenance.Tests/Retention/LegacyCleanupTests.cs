using System.Globalization;
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

    [Theory]
    [MemberData(nameof(Everything))]
    public void Run_rows_at_the_boundaries_of_days_go_to_the_microsecond_in_all_shapes(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        ConfigureNothing();
        var midnight = new DateTimeOffset(Noon.Date, TimeSpan.Zero).AddDays(-30);
        InsertAround(midnight);
        // The cutoff at midnight, then at the end of that day.
        foreach (var age in (TimeSpan[])[Noon - midnight, Noon - midnight.AddDays(1)])
        {
            RetentionPolicy[] policies = [.. Tables.Select(t => new RetentionPolicy { Table = t, MaxAge = age })];
            AssertCleans(new RetentionOracle(File, Noon).Left(policies), new CleanupCommand { Policies = policies });
        }
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Run_by_size_takes_the_oldest_rows_and_nothing_else(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        ConfigureNothing();
        // The oldest one there has metrics in no table of their own.
        var table = kind == LegacyKind.PreRealtime ? "events" : "processing_metrics";
        var used = UsedBytes();
        File.Execute(Many(table, 12_000));
        var policy = new RetentionPolicy { Table = table, MaxRows = 1_000_000 };
        var limit = Math.Max(1024 * 1024, (used + UsedBytes()) / 2);
        var before = new RetentionOracle(File, Noon);

        var result = Clean(new CleanupCommand { Tables = [table], Policies = [policy], MaxDatabaseBytes = limit });

        Assert.InRange(result.UsedBytes, 1, limit);
        Assert.InRange(result.Tables.Single(t => t.Table == table).Rows, 1, before.Count(table) - 1);
        // What the size took is what a limit by number would have taken.
        var old = before.Left(policy)[table].Count - RetentionOracle.Read(File)[table].Count;
        var left = before.Left(policy with { MaxRows = before.Count(table) - old });
        Assert.Equal(left[table], RetentionOracle.Read(File)[table]);
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
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

    /// <summary>A row of every table there is for every moment around the midnights of a day, in every shape.</summary>
    private void InsertAround(DateTimeOffset midnight)
    {
        var number = 0;
        foreach (var edge in (DateTimeOffset[])[midnight, midnight.AddDays(1)])
        {
            foreach (var offset in (TimeSpan[])[TimeSpan.FromSeconds(-1), TimeSpan.FromMicroseconds(-1), TimeSpan.Zero, TimeSpan.FromMicroseconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromHours(12)])
            {
                foreach (var shape in (string[])["yyyy-MM-dd HH:mm:ss.ffffff", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm:ss.ffffff"])
                    InsertAt((edge + offset).ToString(shape, CultureInfo.InvariantCulture), number++);
            }
        }
    }

    private void InsertAt(string time, int number)
    {
        File.Execute($"INSERT INTO raw_logs(id, content, source, ingested_at) VALUES ('edge-r{number}', 'x', 's', '{time}')");
        File.Execute($"INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES ('edge-e{number}', 'edge-r{number / 2}', '{time}', 's', 'm', 'c')");
        File.Execute($"INSERT INTO ai_analysis(id, event_id, severity_score, explanation, recommendations, analyzed_at) VALUES ('edge-a{number}', 'edge-e{number}', 1, 'x', 'y', '{time}')");
        if (!File.Tables().Contains("processing_metrics"))
            return;
        File.Execute($"INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '{time}')");
        File.Execute($"INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) VALUES ('edge-e{number}', 't', 'c', 's', '{time}')");
    }

    private long UsedBytes() => ((long)File.Scalar("PRAGMA page_count")! - (long)File.Scalar("PRAGMA freelist_count")!) * (long)File.Scalar("PRAGMA page_size")!;

    /// <summary>Rows of the half year before, no two of one moment.</summary>
    private static string Many(string table, int count) =>
        $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO {table}"
        + (table == "events" ? "(id, raw_log_id, timestamp, source, message, category) SELECT 'many-' || i, 'gone', " : "(source_name, metric_type, metric_value, timestamp, metric_metadata) SELECT 's', 't', '1', ")
        + "strftime(CASE i % 2 WHEN 0 THEN '%Y-%m-%d %H:%M:%S' ELSE '%Y-%m-%dT%H:%M:%S' END, 1774000000 + i * 1200, 'unixepoch') || '.123456', "
        + (table == "events" ? "'s', hex(zeroblob(120)), 'c' FROM n" : "hex(zeroblob(120)) FROM n");

    private static RetentionPolicy Age(string table, int days) => new() { Table = table, MaxAge = TimeSpan.FromDays(days), ConfirmsEverything = days == 0 };
}
