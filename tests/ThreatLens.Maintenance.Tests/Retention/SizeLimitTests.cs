using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>Cleanups that are to bring the database below a size.</summary>
public sealed class SizeLimitTests : RetentionTestBase
{
    [Fact]
    public void Run_by_size_of_events_with_large_analyses_stops_where_the_database_is_small_enough()
    {
        Migrate();
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category)
            SELECT 'e' || i, 'r', strftime('%Y-%m-%d %H:%M:%S', '2026-10-25 00:00:00', '+' || i || ' seconds'), 's', 'm', 'c' FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
            INSERT INTO ai_analysis(id, event_id, severity_score, explanation, recommendations, analyzed_at)
            SELECT 'a' || i, 'e' || i, 5, hex(zeroblob(iif(i <= 120, 50, 8000))), '', '2026-10-26 00:00:00' FROM n;
            """);
        Options.MaxChunkRows = 100;
        const long Limit = 16 * 1024 * 1024;
        Assert.InRange(Plan(new CleanupCommand()).UsedBytes, Limit * 5 / 4, Limit * 2);

        var result = Clean(new CleanupCommand { MaxDatabaseBytes = Limit });

        // A transaction takes 100 events of 16 KB.
        Assert.InRange(result.UsedBytes, Limit * 9 / 10, Limit);
        Assert.Equal(File.Scalar("SELECT count(*) FROM events"), File.Scalar("SELECT count(*) FROM ai_analysis"));
        Assert.Equal("e1500", File.Scalar("SELECT id FROM events ORDER BY timestamp DESC LIMIT 1"));
    }

    [Fact]
    public void Run_by_size_tells_how_much_and_how_long_it_will_still_take()
    {
        Migrate();
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's', 't', '1', strftime('%Y-%m-%d %H:%M:%S', '2026-10-31 00:00:00', '-' || i || ' seconds') FROM n;
            """);
        Options.MaxChunkRows = 500;
        var seen = new List<(long Completed, long Total, TimeSpan? Remaining)>();
        var cleaner = NewCleaner();
        cleaner.ChunkCommitted = _ => Time.Advance(TimeSpan.FromSeconds(2));

        cleaner.Run(
            new CleanupCommand { MaxDatabaseBytes = 4 * 1024 * 1024 }, NewId(),
            (message, completed, total, remaining) => seen.AddRange(message.StartsWith("Deleting", StringComparison.Ordinal) ? [(completed, total, remaining)] : []), CancellationToken.None);

        // Every transaction takes two seconds, so that this is how long it took from there.
        var half = seen[seen.Count / 2];
        var took = TimeSpan.FromSeconds(2 * (seen.Count - (seen.Count / 2)));
        Assert.InRange(half.Total, seen[^1].Completed * 2 / 3, seen[^1].Completed * 3 / 2);
        Assert.InRange(half.Remaining!.Value, took / 2, took * 2);
        Assert.All(seen, s => Assert.True(s.Completed <= s.Total, $"{s.Completed} of {s.Total}"));
    }

    [Fact]
    public void Run_by_size_that_what_is_pinned_exceeds_deletes_nothing_for_it()
    {
        Migrate();
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's' || (i % 2), 't', '1', strftime('%Y-%m-%d %H:%M:%S', '2026-10-31 00:00:00', '-' || i || ' seconds') FROM n;
            """);
        Pin(new HoldTarget { SourceName = "s1" });
        var command = new CleanupCommand { MaxDatabaseBytes = RetentionOptions.MinDatabaseBytes };

        Assert.Equal(ErrorReasons.SizeUnreachable, Assert.Throws<MaintenanceException>(() => Plan(command)).Reason);
        Assert.Equal(ErrorReasons.SizeUnreachable, Assert.Throws<MaintenanceException>(() => Clean(command)).Reason);

        Assert.Equal(30_000L, File.Scalar("SELECT count(*) FROM processing_metrics"));
    }
}
