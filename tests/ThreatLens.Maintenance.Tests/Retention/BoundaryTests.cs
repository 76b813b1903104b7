using System.Globalization;
using CsCheck;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>Times at the edge of a policy, in every shape they are found in, with and without an index.</summary>
public sealed class BoundaryTests : RetentionTestBase
{
    // Thirty days before noon, and the midnights around it.
    private static readonly DateTimeOffset Cut = Noon.AddDays(-30);

    private static readonly string[] Shapes = ["yyyy-MM-dd HH:mm:ss.ffffff", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm:ss.ffffff", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.fffffffZ"];

    private static readonly string[] Junk = ["", "n/a", "2020", "2020-01-01", "2020-02-31 00:00:00", "2020-13-01T00:00:00", "2020-01-01 24:00:00", "2020-01-01 00:00", "0000-00-00 00:00:00", "9999-99-99", "01/02/2020 10:00", "~"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_times_around_the_cutoff_in_all_shapes_go_exactly_when_they_are_older(bool indexed)
    {
        Migrate();
        if (!indexed)
            File.Execute("DROP INDEX idx_processing_metrics_timestamp; DROP INDEX idx_notification_history_sent_at; DROP INDEX idx_notification_history_event; DROP INDEX idx_events_timestamp; DROP INDEX idx_events_timestamp_category; DROP INDEX idx_events_timestamp_realtime");
        var midnight = new DateTimeOffset(Cut.Date, TimeSpan.Zero);
        DateTimeOffset[] edges = [Cut, midnight, midnight.AddDays(1), midnight.AddDays(-1), Noon];
        var offsets = new[] { TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromMicroseconds(1), TimeSpan.FromHours(5) }.SelectMany(o => new[] { o, -o });
        var times = edges.SelectMany(e => offsets.Select(o => e + o)).Distinct().SelectMany(t => Shapes.Select(s => t.ToString(s, CultureInfo.InvariantCulture))
            .Concat(new[] { -12, 5, 14 }.Select(h => t.ToOffset(TimeSpan.FromHours(h)).ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture)))).ToList();
        Insert([.. times, .. Junk]);
        File.Execute(
            """
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', NULL), ('s', 't', '1', 20200101), ('s', 't', '1', 1.5), ('s', 't', '1', x'00')
            """);

        // At the cutoff, and at the midnights of the days around it.
        foreach (var age in (TimeSpan[])[TimeSpan.FromDays(31), TimeSpan.FromDays(30.5), TimeSpan.FromDays(30), TimeSpan.FromDays(29.5), TimeSpan.FromMinutes(1)])
        {
            RetentionPolicy[] policies = [.. Tables.Select(t => new RetentionPolicy { Table = t, MaxAge = age })];
            AssertCleans(new RetentionOracle(File, Noon).Left(policies), new CleanupCommand { Policies = policies });
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Plan_times_that_are_none_are_counted_and_stay(bool indexed)
    {
        Migrate();
        if (!indexed)
            File.Execute("DROP INDEX idx_processing_metrics_timestamp");
        File.Execute(
            """
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES
            ('s', 't', '1', NULL), ('s', 't', '1', 20200101), ('s', 't', '1', ''), ('s', 't', '1', 'n/a'), ('s', 't', '1', '2020-02-31 00:00:00'), ('s', 't', '1', '2020-01-31 00:00:00')
            """);

        var result = Clean(new CleanupCommand());

        var metrics = result.Tables.Single(t => t.Table == "processing_metrics");
        Assert.Equal((1L, 5L), (metrics.Rows, metrics.UnreadableRows));
        Assert.Equal(5L, File.Scalar("SELECT count(*) FROM processing_metrics"));
    }

    [Fact]
    public void Run_random_rows_policies_and_holds_leave_what_the_oracle_leaves()
    {
        Migrate();
        foreach (var table in (TableRetentionOptions[])[Options.ProcessingMetrics, Options.NotificationHistory, Options.Events, Options.Operations])
            table.Enabled = false;
        var time = Gen.Select(Gen.Int[-5 * 24 * 60, 5 * 24 * 60], Gen.Int[0, Shapes.Length - 1], (minutes, shape) => Cut.AddMinutes(minutes).ToString(Shapes[shape], CultureInfo.InvariantCulture));
        var policy = Gen.Select(Gen.Int[0, Tables.Length - 1], Gen.Int[25 * 24 * 60, 35 * 24 * 60], Gen.Int[1, 40], Gen.Int[0, 2], (table, minutes, rows, kind) => new RetentionPolicy
        {
            Table = Tables[table],
            MaxAge = kind == 0 ? null : TimeSpan.FromMinutes(minutes),
            MaxRows = kind == 1 ? null : rows,
        });
        var range = Gen.Select(Gen.Int[-4 * 24 * 60, 4 * 24 * 60], Gen.Int[1, 2000], (start, minutes) => new HoldTarget { Start = Cut.AddMinutes(start), End = Cut.AddMinutes(start + minutes) });
        var hold = Gen.OneOf(range, Gen.Int[0, 3].Select(n => new HoldTarget { SourceName = $"s{n}" }), Gen.Int[0, 30].Select(n => new HoldTarget { EventId = $"e{n}" }));
        // Every case begins with an empty database.
        Gen.Select(time.Array[1, 60], policy.Array[1, 4], hold.Array[0, 2]).Sample(
            (times, policies, holds) =>
            {
                File.Execute("DELETE FROM processing_metrics; DELETE FROM notification_history; DELETE FROM ai_analysis; DELETE FROM events; DELETE FROM raw_logs; DELETE FROM maintenance_holds");
                Insert(times);
                var targets = holds.Where(h => h.EventId is null || File.Scalar($"SELECT 1 FROM events WHERE id = '{h.EventId}'") is not null).ToList();
                foreach (var target in targets)
                    Pin(target);
                RetentionPolicy[] distinct = [.. policies.DistinctBy(p => p.Table)];
                AssertCleans(new RetentionOracle(File, Noon, targets).Left(distinct), new CleanupCommand { Policies = distinct });
            },
            iter: 6 * Testing.Rounds.Count, threads: 1);
    }

    [Fact]
    public void Run_event_pinned_only_by_what_belongs_to_it_keeps_all_its_notifications()
    {
        Migrate();
        File.Execute(
            """
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES
                ('by-analysis', 'r', '2026-06-01 00:00:00', 's', 'm', 'c'), ('by-notification', 'r', '2026-06-01 00:00:00', 's', 'm', 'c'), ('not', 'r', '2026-06-01 00:00:00', 's', 'm', 'c');
            INSERT INTO ai_analysis(id, event_id, severity_score, explanation, recommendations, analyzed_at) VALUES
                ('a1', 'by-analysis', 1, 'x', 'y', '2026-06-10 00:00:00'), ('a2', 'not', 1, 'x', 'y', '2026-06-12 00:00:00'), ('a3', 'gone', 1, 'x', 'y', '2026-06-10 00:00:00');
            INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) VALUES
                ('by-analysis', 't', 'c', 's', '2026-06-01 00:00:00'), ('by-notification', 't', 'c', 's', '2026-06-01 00:00:00'), ('by-notification', 't', 'c', 's', '2026-06-10 00:00:00'),
                ('not', 't', 'c', 's', '2026-06-01 00:00:00'), ('gone', 't', 'c', 's', '2026-06-01 00:00:00');
            """);
        Pin(new HoldTarget { Start = new(2026, 6, 9, 0, 0, 0, TimeSpan.Zero), End = new(2026, 6, 11, 0, 0, 0, TimeSpan.Zero) });

        Clean(new CleanupCommand { Policies = [new RetentionPolicy { Table = "notification_history", MaxAge = TimeSpan.FromDays(90) }] });

        Assert.Equal(["by-analysis 1", "by-notification 2"], File.Lines("SELECT event_id || ' ' || count(*) FROM notification_history GROUP BY event_id ORDER BY event_id"));
    }

    private static string[] Tables => ["processing_metrics", "notification_history", "events", "raw_logs"];

    /// <summary>A row of every table for every time; what belongs together has times of its own.</summary>
    private void Insert(IReadOnlyList<string> times)
    {
        using var connection = File.Open();
        using var transaction = connection.BeginTransaction();
        for (var i = 0; i < times.Count; i++)
        {
            var (own, other) = (times[i], times[(i * 7 + 3) % times.Count]);
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = string.Create(CultureInfo.InvariantCulture,
                $"""
                INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s{i % 5}', 't', '1', $own);
                INSERT INTO raw_logs(id, content, source, ingested_at) VALUES ('r{i}', 'x', 's{i % 3}', $own);
                INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES ('e{i}', 'r{i / 2}', $own, 's{i % 5}', 'm', 'c');
                INSERT INTO ai_analysis(id, event_id, severity_score, explanation, recommendations, analyzed_at) VALUES ('a{i}', 'e{(i % 6 == 0 ? -i - 1 : i)}', 1, 'x', 'y', $other);
                INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) VALUES ('e{(i % 9 == 0 ? -i - 1 : i)}', 't', 'c', 's', $other);
                """);
            command.Parameters.AddWithValue("$own", own);
            command.Parameters.AddWithValue("$other", other);
            command.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}
