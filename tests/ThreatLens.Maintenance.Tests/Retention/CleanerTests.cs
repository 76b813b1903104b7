using System.Globalization;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>A cleanup while other things happen: holds, cancellation, writers, other programs, little space.</summary>
public sealed class CleanerTests : RetentionTestBase
{
    [Fact]
    public void Run_hold_created_meanwhile_counts_from_the_next_transaction_on()
    {
        Seed(metrics: 5_000);
        Options.MaxChunkRows = 500;
        var cleaner = NewCleaner();
        var chunks = 0;
        cleaner.ChunkCommitted = _ =>
        {
            if (++chunks == 2)
                Pin(new HoldTarget { SourceName = "s1" });
        };

        var result = cleaner.Run(new CleanupCommand(), NewId(), null, CancellationToken.None);

        // A fifth of what was not yet deleted is of that source.
        Assert.Equal(800L, File.Scalar("SELECT count(*) FROM processing_metrics WHERE timestamp < '2026-10-01'"));
        Assert.Equal(["s1"], File.Lines("SELECT DISTINCT source_name FROM processing_metrics WHERE timestamp < '2026-10-01'"));
        Assert.Equal((4_200L, 800L), (result.Tables[0].Rows, result.Tables[0].HeldRows));
    }

    [Fact]
    public void Run_cancelled_between_transactions_is_gone_on_with_by_the_same_cutoffs()
    {
        Seed(metrics: 5_000);
        Options.MaxChunkRows = 500;
        var (cleaner, id) = (NewCleaner(), InsertOperation("Cancelled"));
        using var cancel = new CancellationTokenSource();
        var chunks = 0;
        cleaner.ChunkCommitted = _ =>
        {
            if (++chunks == 3)
                cancel.Cancel();
        };
        Assert.ThrowsAny<OperationCanceledException>(() => cleaner.Run(new CleanupCommand(), id, null, cancel.Token));
        Assert.Equal(3_500L, File.Scalar("SELECT count(*) FROM processing_metrics WHERE timestamp < '2026-10-01'"));

        // What has become old since then is not meant.
        Time.Advance(TimeSpan.FromDays(60));
        var resume = new CleanupCommand { ResumeOperationId = id };
        Assert.Equal(5_000, Plan(resume).Tables[0].Rows + 1_500);
        var result = Clean(resume);

        Assert.Equal(0L, File.Scalar("SELECT count(*) FROM processing_metrics WHERE timestamp < '2026-10-01'"));
        Assert.Equal(100L, File.Scalar("SELECT count(*) FROM processing_metrics"));
        Assert.Equal((5_000L, id), (result.Tables[0].Rows, result.ResumedOperationId));
    }

    [Fact]
    public void Run_resuming_what_cannot_be_resumed_is_refused()
    {
        Seed(metrics: 1);
        Expect.Failure(ErrorKind.NotFound, ErrorReasons.OperationNotFound, () => Clean(new CleanupCommand { ResumeOperationId = NewId() }));
        Expect.Refusal(ErrorReasons.CleanupNotResumable, () => Clean(new CleanupCommand { ResumeOperationId = InsertOperation("Interrupted", "Backup") }));
        Expect.Refusal(ErrorReasons.CleanupNotResumable, () => Clean(new CleanupCommand { ResumeOperationId = InsertOperation("Interrupted") }));
        var done = InsertOperation("Succeeded");
        Clean(new CleanupCommand(), done);
        Expect.Refusal(ErrorReasons.CleanupNotResumable, () => Clean(new CleanupCommand { ResumeOperationId = done }));
    }

    [Fact]
    public void Run_progress_counts_up_to_the_total_and_the_rest_that_is_left_goes_down()
    {
        Seed(metrics: 5_000);
        Options.MaxChunkRows = 500;
        var seen = new List<(long Completed, long Total, TimeSpan? Remaining)>();
        var cleaner = NewCleaner();
        cleaner.ChunkCommitted = _ => Time.Advance(TimeSpan.FromSeconds(2));

        cleaner.Run(new CleanupCommand(), NewId(), (_, completed, total, remaining) => seen.Add((completed, total, remaining)), CancellationToken.None);

        // What is counted and summed up first.
        Assert.All(seen.Take(2), s => Assert.Equal((0L, 0L), (s.Completed, s.Total)));
        seen.RemoveRange(0, 2);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => i * 500L), seen.Select(s => s.Completed));
        Assert.All(seen, s => Assert.Equal(5_000, s.Total));
        // A transaction takes two seconds, so that this is what it is.
        Assert.Equal([16, 14, 12, 10, 8, 6, 4, 2, 0], seen.Skip(1).Select(s => s.Remaining!.Value.TotalSeconds));
        Assert.Null(seen[0].Remaining);
    }

    [Fact]
    public void Run_writer_that_gets_slower_makes_the_chunks_smaller()
    {
        Seed(metrics: 40_000);
        var sizes = new List<int>();
        var cleaner = NewCleaner();
        var milliseconds = 5;
        Report(100, milliseconds);
        cleaner.ChunkCommitted = rows =>
        {
            sizes.Add(rows);
            // Slow for a while only: the rests between the smallest chunks are long.
            milliseconds = sizes.Count is < 12 or > 24 ? 5 : 60;
            Report(30, milliseconds);
        };

        cleaner.Run(new CleanupCommand(), NewId(), null, CancellationToken.None);

        Assert.True(sizes[11] > sizes[0], $"it never grew: {string.Join(' ', sizes)}");
        Assert.True(sizes[24] < sizes[11] / 3, $"it did not shrink: {string.Join(' ', sizes)}");
        Assert.Equal(100L, File.Scalar("SELECT count(*) FROM processing_metrics"));
    }

    [Fact]
    public async Task Run_database_locked_by_another_program_waits_for_it()
    {
        Seed(metrics: 3_000);
        Options.MaxChunkRows = 500;
        var cleaner = NewCleaner();
        SqliteConnection? other = null;
        Task? commit = null;
        cleaner.ChunkCommitted = rows =>
        {
            if (other is not null)
                return;
            other = File.Open();
            Execute(other, "BEGIN IMMEDIATE");
            commit = Task.Delay(500).ContinueWith(_ => Execute(other, "COMMIT"), TaskScheduler.Default);
        };

        var result = await Task.Run(() => cleaner.Run(new CleanupCommand(), NewId(), null, CancellationToken.None));

        Assert.Equal(3_000, result.Tables[0].Rows);
        await commit!;
        other!.Dispose();
    }

    [Fact]
    public void Run_event_that_comes_meanwhile_keeps_its_raw_log()
    {
        Seed(metrics: 0);
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO raw_logs(id, content, source, ingested_at) SELECT 'r' || i, 'x', 's', '2024-01-01 00:00:00' FROM n;
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES ('e1', 'r1000', '2026-10-30 00:00:00', 's', 'm', 'c');
            """);
        Options.MaxChunkRows = 100;
        Options.RawLogs.Enabled = true;
        var cleaner = NewCleaner();
        var chunks = 0;
        cleaner.ChunkCommitted = _ =>
        {
            // First another program adds one, then it replaces the newest.
            if (++chunks == 2)
                File.Execute("INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES ('e2', 'r900', '2026-10-30 00:00:00', 's', 'm', 'c')");
            if (chunks == 4)
                File.Execute("DELETE FROM events WHERE id IN ('e1', 'e2'); INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES ('e3', 'r950', '2026-10-30 00:00:00', 's', 'm', 'c')");
        };

        cleaner.Run(new CleanupCommand(), NewId(), null, CancellationToken.None);

        Assert.Equal(["r950"], File.Lines("SELECT id FROM raw_logs"));
    }

    [Fact]
    public void Run_by_size_deletes_the_oldest_metrics_until_the_database_is_small_enough()
    {
        Seed(metrics: 60_000);
        File.Execute("UPDATE processing_metrics SET timestamp = strftime('%Y-%m-%d %H:%M:%S', '2026-10-31 00:00:00', '-' || id || ' seconds')");
        const long Limit = 4 * 1024 * 1024;
        var command = new CleanupCommand { MaxDatabaseBytes = Limit };
        var plan = Plan(command);
        Assert.True(plan.UsedBytes > Limit, "the database is too small for the test");

        var result = Clean(command with { Etag = plan.Etag });

        Assert.True(result.UsedBytes <= Limit && result.UsedBytes > Limit / 2, $"{result.UsedBytes} bytes are in use");
        Assert.Equal(DatabasePages.Read(Database.OpenReader()).UsedBytes, result.UsedBytes);
        // The higher the id, the older: what is left is the newest.
        Assert.Equal(File.Scalar("SELECT max(id) FROM processing_metrics"), File.Scalar("SELECT count(*) FROM processing_metrics"));
        var planned = plan.Tables.Single(t => t.Table == "processing_metrics");
        Assert.True(planned.IsEstimated, "the plan says that it knows exactly");
        Assert.InRange(planned.Rows, result.Tables[0].Rows / 2, result.Tables[0].Rows * 2);
    }

    [Fact]
    public void Run_by_size_that_cannot_be_met_is_refused_and_deletes_by_age_alone()
    {
        Seed(metrics: 3_000);
        File.Execute("INSERT INTO reports(id, report_date, file_path) VALUES ('r', '2026-01-01', hex(zeroblob(2000000)))");
        Pin(new HoldTarget { SourceName = "s2" });
        var command = new CleanupCommand { MaxDatabaseBytes = RetentionOptions.MinDatabaseBytes };
        var before = File.Scalar("SELECT count(*) FROM processing_metrics");

        var planned = Assert.Throws<MaintenanceException>(() => Plan(command));
        Assert.Equal(before, File.Scalar("SELECT count(*) FROM processing_metrics"));
        var refused = Assert.Throws<MaintenanceException>(() => Clean(command));

        foreach (var refusal in (MaintenanceException[])[planned, refused])
        {
            Assert.Equal((ErrorKind.FailedPrecondition, ErrorReasons.SizeUnreachable), (refusal.Kind, refusal.Reason));
            Assert.Contains("reports (4", refusal.Message, StringComparison.Ordinal);
        }

        // Of s1 those that are not old, of s2 what is pinned.
        Assert.Equal(["s1 100", "s2 600"], File.Lines("SELECT source_name || ' ' || count(*) FROM processing_metrics GROUP BY source_name"));
    }

    [Fact]
    public void Run_operations_go_with_what_they_wrote_down_but_those_that_run_stay()
    {
        Seed(metrics: 0);
        var old = InsertOperation("Succeeded", at: Noon.AddDays(-181));
        File.Execute($"INSERT INTO maintenance_cleanups(operation_id, scope, cutoffs, tally, rows, busy_ms, updated_at) VALUES ('{old}', '', '', '', 0, 0, '')");
        var running = InsertOperation("Running", at: Noon.AddDays(-182));
        var young = InsertOperation("Failed", at: Noon.AddDays(-179));

        Clean(new CleanupCommand());

        Assert.Equal([running, young], File.Lines("SELECT id FROM maintenance_operations ORDER BY id"));
        Assert.Equal(0L, File.Scalar($"SELECT count(*) FROM maintenance_cleanups WHERE operation_id = '{old}'"));
    }

    [Fact]
    public void Run_rollups_go_by_their_minute_unless_pinned()
    {
        Seed(metrics: 0);
        File.Execute(
            """
            CREATE TABLE IF NOT EXISTS maintenance_metric_rollups(minute INTEGER NOT NULL, source_name TEXT NOT NULL, metric_type TEXT NOT NULL, PRIMARY KEY(minute, source_name, metric_type)) WITHOUT ROWID
            """);
        var cut = Noon.AddDays(-400);
        foreach (var (offset, source) in ((int, string)[])[(-3, "a"), (-2, "b"), (-1, "a"), (0, "a"), (1, "a")])
            File.Execute(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO maintenance_metric_rollups(minute, source_name, metric_type{Other(", ")}) VALUES ({(cut.ToUnixTimeSeconds() / 60) + offset}, '{source}', 't'{Other(", ", "0")})"));
        Pin(new HoldTarget { SourceName = "b" });

        var result = Clean(new CleanupCommand());

        Assert.Equal([-2L, 0L, 1L], File.Rows("SELECT minute FROM maintenance_metric_rollups ORDER BY minute").Select(r => (long)r[0]! - (cut.ToUnixTimeSeconds() / 60)));
        var rollups = result.Tables.Single(t => t.Table == "maintenance_metric_rollups");
        Assert.Equal((2L, 1L), (rollups.Rows, rollups.HeldRows));
    }

    [Fact]
    public void Run_reads_old_rows_over_the_index_and_not_the_table()
    {
        Seed(metrics: 10);
        using var reader = Database.OpenReader();
        using var command = reader.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN SELECT rowid, timestamp FROM processing_metrics INDEXED BY idx_processing_metrics_timestamp WHERE timestamp >= '' AND timestamp < '2026' AND (timestamp > '' OR rowid > 0) ORDER BY timestamp, rowid LIMIT 5";
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        Assert.StartsWith("SEARCH processing_metrics USING COVERING INDEX idx_processing_metrics_timestamp", row.GetString(3), StringComparison.Ordinal);
        Assert.False(row.Read(), "something is sorted");
        using var scan = new RowScan(reader, RetentionTable.Metrics);
        Assert.True(scan.IsInOrder);
    }

    // Columns that the table has besides, where another version of the service made it.
    private string Other(string separator, string? value = null) => string.Concat(File.Lines(
        "SELECT name FROM pragma_table_info('maintenance_metric_rollups') WHERE pk = 0 AND \"notnull\" = 1").Select(c => separator + (value ?? c)));

    private void Seed(int metrics)
    {
        Migrate();
        File.Execute(string.Create(CultureInfo.InvariantCulture,
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {metrics})
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp)
            SELECT 's' || (i % 5), 't', '1', strftime('%Y-%m-%d %H:%M:%S', '2026-09-01 00:00:00', '+' || i || ' seconds') FROM n WHERE {metrics} > 0;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's1', 't', '1', '2026-10-20 00:00:00' FROM n WHERE {metrics} > 0;
            """));
    }

    private string InsertOperation(string state, string kind = "Cleanup", DateTimeOffset? at = null)
    {
        var id = Guid.CreateVersion7(at ?? Time.GetUtcNow()).ToString("N");
        var created = SqliteTimestamp.Format(at ?? Time.GetUtcNow());
        File.Execute($"INSERT INTO maintenance_operations(id, kind, state, caller, caller_verified, request_digest, process, created_at, progress) VALUES ('{id}', '{kind}', '{state}', 'x', 0, '', '', '{created}', '{{}}')");
        return id;
    }

    private void Report(int batches, int milliseconds)
    {
        for (var i = 0; i < batches; i++)
            Ingest.Latency.Report(TimeSpan.FromMilliseconds(milliseconds));
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
