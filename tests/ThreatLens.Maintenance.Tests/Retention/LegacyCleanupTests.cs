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
        // In the middle of the day, to the microsecond.
        var amidst = midnight.AddHours(5).AddMinutes(7).AddMicroseconds(123_456);
        Insert([.. new[] { midnight, amidst, midnight.AddDays(1) }.SelectMany(Around).SelectMany(InEveryShape)]);
        // From the gentlest: the cutoff at midnight, in the middle of that day, at its end.
        foreach (var cutoff in (DateTimeOffset[])[midnight, amidst, midnight.AddDays(1)])
        {
            var edges = Edges(cutoff);
            Assert.True(edges.Before > 0 && edges.From > 0, $"there is nothing on both sides of {cutoff:O}");
            RetentionPolicy[] policies = [.. Tables.Select(t => new RetentionPolicy { Table = t, MaxAge = Noon - cutoff })];
            AssertCleans(new RetentionOracle(File, Noon).Left(policies), new CleanupCommand { Policies = policies });
            Assert.Equal((0, edges.From), Edges(cutoff));
        }
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Run_operations_by_age_and_by_number_go_to_the_microsecond_in_all_shapes(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        ConfigureNothing();
        var cutoff = Noon.AddDays(-180);
        var times = new[] { new DateTimeOffset(cutoff.Date, TimeSpan.Zero), cutoff, cutoff.AddSeconds(1) }.SelectMany(Around).SelectMany(t => InEveryShape(t).Select(text => (Time: t, Text: text))).ToList();
        File.Execute("BEGIN;" + string.Concat(times.Select(t =>
            $"INSERT INTO maintenance_operations(id, kind, state, caller, caller_verified, request_digest, process, created_at, progress) VALUES ('{Guid.CreateVersion7(t.Time):N}', 'Backup', 'Succeeded', 'x', 0, '', '', '{t.Text}', '{{}}');")) + "COMMIT");
        Options.Operations = new TableRetentionOptions { MaxAge = TimeSpan.FromDays(180) };
        var old = Operations().Count(t => t < cutoff);
        Assert.InRange(old, 1, Operations().Count - 1);

        Assert.Equal(old, Clean(new CleanupCommand()).Tables.Single(t => t.Table == "maintenance_operations").Rows);
        Assert.All(Operations(), t => Assert.True(t >= cutoff, $"{t:O} is left"));
        Assert.Equal(times.Count - old, Operations().Count);

        // Of the newest five also what is of the same moment as the fifth. Ids tell milliseconds apart, and these are closer. All have the shape that the service writes.
        File.Execute("DELETE FROM maintenance_operations WHERE created_at NOT GLOB '????-??-?? ??:??:??.??????'");
        var fifth = Operations().OrderDescending().ElementAt(4);
        var newest = Operations().Count(t => t >= fifth);
        Assert.Equal((6, 11), (newest, Operations().Count));
        Clean(new CleanupCommand { Policies = [new RetentionPolicy { Table = "maintenance_operations", MaxRows = 5 }] });
        Assert.Equal(newest, Operations().Count);
        Assert.All(Operations(), t => Assert.True(t >= fifth, $"{t:O} is left"));
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Run_rollups_by_age_and_by_number_go_to_the_minute(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        ConfigureNothing();
        var cutoff = Noon.AddDays(-400).ToUnixTimeSeconds() / 60;
        // Around the cutoff, and around the midnight of its day, with two sources a minute.
        long[] minutes = [cutoff - 721, cutoff - 720, cutoff - 719, cutoff - 1, cutoff, cutoff + 1];
        File.Execute(string.Concat(minutes.SelectMany(m => (string[])["a", "b"], (m, source) => string.Create(
            CultureInfo.InvariantCulture, $"INSERT INTO maintenance_metric_rollups(minute, source_name, metric_type, samples, non_numeric, total) VALUES ({m}, '{source}', 't', 1, 0, 1);"))));
        // The configured 400 days; the cutoff is a whole minute, and half a minute behind it is the same minute.
        Options.Rollups = new TableRetentionOptions { MaxAge = TimeSpan.FromDays(400) - TimeSpan.FromSeconds(30) };
        var command = new CleanupCommand { Tables = ["rollups"] };

        var plan = Plan(command).Tables.Single();
        var result = Clean(command).Tables.Single();

        Assert.Equal((8L, 8L), (plan.Rows, result.Rows));
        Assert.Equal([cutoff, cutoff + 1], Minutes());
        // One, and what is of the same minute.
        Assert.Equal(2, Clean(command with { Policies = [new RetentionPolicy { Table = "rollups", MaxRows = 1 }] }).Tables.Single().Rows);
        Assert.Equal([cutoff + 1], Minutes());
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

    private static IEnumerable<DateTimeOffset> Around(DateTimeOffset edge) =>
        ((TimeSpan[])[TimeSpan.FromSeconds(-1), TimeSpan.FromMicroseconds(-1), TimeSpan.Zero, TimeSpan.FromMicroseconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromHours(12)]).Select(offset => edge + offset);

    /// <summary>As the field has it, with fractions of no to six digits (what they leave out is cut off), and with 'Z' and offsets.</summary>
    private static IEnumerable<string> InEveryShape(DateTimeOffset time)
    {
        foreach (var separator in (string[])[" ", "T"])
        {
            foreach (var fraction in (string[])["", ".f", ".ff", ".fff", ".ffff", ".fffff", ".ffffff"])
                yield return time.ToString($"yyyy-MM-dd'{separator}'HH:mm:ss{fraction}", CultureInfo.InvariantCulture);
            yield return time.ToString($"yyyy-MM-dd'{separator}'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
            foreach (var hours in (int[])[-12, 14])
                yield return time.ToOffset(TimeSpan.FromHours(hours)).ToString($"yyyy-MM-dd'{separator}'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
        }
    }

    /// <summary>A row of every table there is for each time.</summary>
    private void Insert(List<string> times)
    {
        var hasMetrics = File.Tables().Contains("processing_metrics");
        File.Execute("BEGIN;" + string.Concat(times.Select((time, i) =>
            $"""
            INSERT INTO raw_logs(id, content, source, ingested_at) VALUES ('edge-r{i}', 'x', 's', '{time}');
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES ('edge-e{i}', 'edge-r{i / 2}', '{time}', 's', 'm', 'c');
            INSERT INTO ai_analysis(id, event_id, severity_score, explanation, recommendations, analyzed_at) VALUES ('edge-a{i}', 'edge-e{i}', 1, 'x', 'y', '{time}');
            """ + (hasMetrics
            ? $"""
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('edge', 't', '1', '{time}');
            INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) VALUES ('edge-e{i}', 't', 'c', 's', '{time}');
            """
            : ""))) + "COMMIT");
    }

    /// <summary>Of the events that <see cref="Insert"/> made: how many are of before a moment, and how many of it or later.</summary>
    private (int Before, int From) Edges(DateTimeOffset moment)
    {
        var times = File.Lines("SELECT timestamp FROM events WHERE id LIKE 'edge-e%'").Select(t => RetentionOracle.Time(t)!.Value).ToList();
        return (times.Count(t => t < moment), times.Count(t => t >= moment));
    }

    private List<DateTimeOffset> Operations() => [.. File.Lines("SELECT created_at FROM maintenance_operations").Select(t => RetentionOracle.Time(t)!.Value)];

    private IEnumerable<long> Minutes() => File.Rows("SELECT DISTINCT minute FROM maintenance_metric_rollups ORDER BY minute").Select(r => (long)r[0]!);

    private long UsedBytes() => ((long)File.Scalar("PRAGMA page_count")! - (long)File.Scalar("PRAGMA freelist_count")!) * (long)File.Scalar("PRAGMA page_size")!;

    /// <summary>Rows of the half year before, no two of one moment.</summary>
    private static string Many(string table, int count) =>
        $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO {table}"
        + (table == "events" ? "(id, raw_log_id, timestamp, source, message, category) SELECT 'many-' || i, 'gone', " : "(source_name, metric_type, metric_value, timestamp, metric_metadata) SELECT 's', 't', '1', ")
        + "strftime(CASE i % 2 WHEN 0 THEN '%Y-%m-%d %H:%M:%S' ELSE '%Y-%m-%dT%H:%M:%S' END, 1774000000 + i * 1200, 'unixepoch') || '.123456', "
        + (table == "events" ? "'s', hex(zeroblob(120)), 'c' FROM n" : "hex(zeroblob(120)) FROM n");

    private static RetentionPolicy Age(string table, int days) => new() { Table = table, MaxAge = TimeSpan.FromDays(days), ConfirmsEverything = days == 0 };
}
