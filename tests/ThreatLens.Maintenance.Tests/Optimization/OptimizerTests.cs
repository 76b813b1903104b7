using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Optimization;

/// <summary>Optimize on files of every kind of auto_vacuum.</summary>
public sealed class OptimizerTests : IDisposable
{
    private const string Content = "SELECT count(*), sum(length(a)), sum(id) FROM t";
    private readonly TemporaryFolder _folder = new();

    private SqliteFile File => new(_folder.File("space.db"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_of_a_file_with_free_pages_gives_them_back_in_slices()
    {
        HalfEmpty(2);
        var (database, content) = (Database(), File.Rows(Content)[0]);
        var plan = Optimizers.Planner(database).Plan(new OptimizeCommand());
        var reports = new List<(string Message, long Done, long Total, string Unit)>();

        var result = Optimizers.Run(database, new OptimizeCommand { Etag = plan.Etag }, (m, d, t, u) => reports.Add((m, d, t, u)));

        Assert.True(plan.FreeBytes > 1_000_000 && plan.ExpectedGainBytes == plan.FreeBytes);
        Assert.Equal(plan.FreeBytes, result.BytesBefore - result.BytesAfter, tolerance: plan.FreeBytes / 100);
        Assert.True(result.Slices > 3, $"{result.Slices} slices");
        Assert.Equal((0L, 0L, false, AutoVacuum.Incremental), (result.FreeBytesAfter, result.WalBytesAfter, result.Rewrote, result.AutoVacuum));
        Assert.Contains(reports, r => r is { Message: "Returning free pages.", Unit: "pages" } && r.Done == r.Total && r.Done == result.ReturnedPages);
        Assert.Equal(content, File.Rows(Content)[0]);
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
        Assert.Equal(0L, File.Scalar("PRAGMA freelist_count"));
    }

    [Fact]
    public void Run_leaves_a_file_that_is_hardly_larger_than_a_rewritten_one()
    {
        HalfEmpty(2);

        var result = Optimizers.Run(Database(), new OptimizeCommand(), Optimizers.Ignore);

        var copy = _folder.File("copy.db");
        File.Execute($"VACUUM INTO '{copy}'");
        Assert.InRange(result.BytesAfter, 1, new FileInfo(copy).Length * 1.1);
    }

    [Fact]
    public void Run_of_a_file_without_auto_vacuum_gives_nothing_back_until_it_is_switched()
    {
        HalfEmpty(0);
        var (database, content) = (Database(), File.Rows(Content)[0]);

        var refused = Optimizers.Planner(database).Plan(new OptimizeCommand());
        var untouched = Optimizers.Run(database, new OptimizeCommand(), Optimizers.Ignore);
        var plan = Optimizers.Planner(database).Plan(new OptimizeCommand { EnableIncrementalVacuum = true });
        var switched = Optimizers.Run(database, new OptimizeCommand { EnableIncrementalVacuum = true }, Optimizers.Ignore);

        Assert.Equal((AutoVacuum.None, 0L, false), (refused.AutoVacuum, refused.ExpectedGainBytes, refused.Rewrites));
        Assert.Contains(refused.Steps, s => s.Contains("enable_incremental_vacuum", StringComparison.Ordinal));
        Assert.True(untouched.FreeBytesAfter > 1_000_000 && !untouched.Rewrote);
        Assert.True(plan.Rewrites && plan.RequiredFreeBytes >= 2 * (plan.DatabaseBytes - plan.FreeBytes));
        Assert.Equal((0L, 0L, true, AutoVacuum.Incremental), (switched.FreeBytesAfter, switched.WalBytesAfter, switched.Rewrote, switched.AutoVacuum));
        Assert.InRange(switched.BytesAfter, 1, (plan.DatabaseBytes - plan.ExpectedGainBytes) * 1.1);
        Assert.Equal(content, File.Rows(Content)[0]);
        Assert.Equal(("ok", 2L), ((string)File.Scalar("PRAGMA integrity_check")!, File.Scalar("PRAGMA auto_vacuum")));
    }

    [Fact]
    public void Run_of_a_file_with_full_auto_vacuum_switches_it_without_a_rewrite()
    {
        HalfEmpty(1);

        var result = Optimizers.Run(Database(), new OptimizeCommand { EnableIncrementalVacuum = true }, Optimizers.Ignore);

        Assert.Equal((false, AutoVacuum.Incremental), (result.Rewrote, result.AutoVacuum));
        Assert.Equal(2L, File.Scalar("PRAGMA auto_vacuum"));
    }

    [Fact]
    public void Run_with_full_vacuum_gives_back_what_is_unused_within_pages()
    {
        Create(2);
        Fill(20_000);
        // Every second row: no page becomes free.
        File.Execute("DELETE FROM t WHERE id % 2 = 0");
        var database = Database();
        var plan = Optimizers.Planner(database).Plan(new OptimizeCommand { FullVacuum = true });

        var result = Optimizers.Run(database, new OptimizeCommand { FullVacuum = true, Etag = plan.Etag }, Optimizers.Ignore);

        Assert.True(plan.UnusedBytes > plan.DatabaseBytes / 4, $"{plan.UnusedBytes} of {plan.DatabaseBytes}");
        Assert.True(result.Rewrote);
        Assert.Equal(plan.ExpectedGainBytes, result.BytesBefore - result.BytesAfter, tolerance: plan.DatabaseBytes / 10);
    }

    [Fact]
    public void Run_refreshes_statistics_once()
    {
        Create(2);
        Fill(5000);
        var database = Database();

        Assert.Equal(["t"], Optimizers.Run(database, new OptimizeCommand(), Optimizers.Ignore).AnalyzedTables);
        Assert.Equal(1L, File.Scalar("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 't' AND idx = 't_a'"));
        Assert.Empty(Optimizers.Run(database, new OptimizeCommand(), Optimizers.Ignore).AnalyzedTables);
    }

    [Fact]
    public void Run_with_an_etag_of_another_schema_or_request_is_aborted()
    {
        HalfEmpty(2);
        var database = Database();
        var etag = Optimizers.Planner(database).Plan(new OptimizeCommand()).Etag;
        Fill(10);

        Assert.Equal(etag, Optimizers.Planner(database).Plan(new OptimizeCommand { Etag = etag }).Etag);
        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => Optimizers.Run(database, new OptimizeCommand { Etag = etag, FullVacuum = true }, Optimizers.Ignore));
        File.Execute("CREATE TABLE another(a)");
        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => Optimizers.Run(database, new OptimizeCommand { Etag = etag }, Optimizers.Ignore));
    }

    [Fact]
    public void Run_without_room_for_a_rewrite_says_how_much_it_needs_and_changes_nothing()
    {
        using var disk = SmallDisk.TryMount(_folder.File("small"), 8);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        var file = new SqliteFile(Path.Combine(disk.Path, "space.db"));
        Create(2, file);
        Fill(20_000, file);
        disk.FillBut(new FileInfo(file.Path).Length);
        var database = Database(file);

        var error = Expect.Failure(ErrorKind.ResourceExhausted, ErrorReasons.VacuumNoSpace, () => Optimizers.Run(database, new OptimizeCommand { FullVacuum = true }, Optimizers.Ignore));

        Assert.True(long.Parse(error.Metadata["requiredBytes"], System.Globalization.CultureInfo.InvariantCulture) > long.Parse(error.Metadata["availableBytes"], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(20_000L, file.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Run_cancelled_between_slices_keeps_what_it_gave_back()
    {
        HalfEmpty(2);
        var (database, content) = (Database(), File.Rows(Content)[0]);
        var before = new FileInfo(File.Path).Length;
        using var cancel = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() => Optimizers.Run(database, new OptimizeCommand(), (_, done, _, unit) =>
            {
                if (unit == "pages" && done > 50)
                    cancel.Cancel();
            }, cancel.Token));

        Assert.True((long)File.Scalar("PRAGMA freelist_count")! > 0);
        File.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        Assert.InRange(new FileInfo(File.Path).Length, 1, before - (50 * 4096));
        Assert.Equal(content, File.Rows(Content)[0]);
    }

    [Fact]
    public async Task Run_cancelled_within_a_rewrite_leaves_the_file_as_it_was_and_lets_writers_in()
    {
        Create(0);
        Fill(200_000);
        var (database, content) = (Database(), File.Rows(Content)[0]);
        using var cancel = new CancellationTokenSource();
        using var begun = new ManualResetEventSlim();
        // A thread of its own: a timer's callback waits for a thread of the pool, and on a busy machine the rewrite may end before it has one.
        var cancelling = Task.Factory.StartNew(
            () =>
            {
                begun.Wait(Eventually.Limit);
                cancel.Token.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(30));
                cancel.Cancel();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var run = Task.Run(() => Optimizers.Run(database, new OptimizeCommand { EnableIncrementalVacuum = true }, (message, _, _, _) =>
        {
            if (message.StartsWith("Rewriting", StringComparison.Ordinal))
                begun.Set();
        }, cancel.Token));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);

        await cancelling;
        (await database.WriteGate.EnterAsync().AsTask().WaitAsync(Eventually.Limit)).Dispose();
        Assert.Equal((0L, "ok"), (File.Scalar("PRAGMA auto_vacuum"), (string)File.Scalar("PRAGMA integrity_check")!));
        Assert.Equal(content, File.Rows(Content)[0]);
    }

    [Fact]
    public async Task Run_beside_a_writer_lets_it_in_between_slices_and_loses_nothing()
    {
        HalfEmpty(2);
        var database = Database();
        var written = 0;
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() =>
        {
            using var writer = database.OpenWriter();
            while (!stop.IsCancellationRequested)
            {
                using var turn = database.WriteGate.Enter();
                writer.Execute("INSERT INTO t(a) VALUES ('written meanwhile')");
                Interlocked.Increment(ref written);
            }
        });

        // Between two slices the gate is free: however slow the writer is, it gets in. Two, as the first of them may have been in before.
        var times = 0;
        var result = Optimizers.Run(database, new OptimizeCommand(), (_, _, _, _) =>
        {
            var before = Volatile.Read(ref written);
            if (SpinWait.SpinUntil(() => Volatile.Read(ref written) >= before + 2, Eventually.Limit))
                times++;
        });
        await stop.CancelAsync();
        await writing;

        Assert.True(times >= result.Slices, $"the writer got in {times} times between {result.Slices} slices");
        Assert.Equal((long)written, File.Scalar("SELECT count(*) FROM t WHERE a = 'written meanwhile'"));
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public void Run_beside_a_batch_that_took_far_too_long_makes_the_slices_smaller()
    {
        HalfEmpty(2);
        // No slice takes any time by this clock: what makes them smaller is what the metrics writer tells.
        var time = new FakeTimeProvider();
        var ingest = new IngestStatistics(time);
        var (pages, sizes) = (0L, new List<long>());

        Optimizers.Run(Database(time: time), new OptimizeCommand(), (_, done, _, unit) =>
        {
            if (unit != "pages")
                return;
            sizes.Add(done - pages);
            pages = done;
            if (sizes.Count == 3)
                ingest.Latency.Report(TimeSpan.FromMilliseconds(200));
        }, ingest: ingest);

        // Told after the third, known after the fourth; a page of the pointer map may go with a slice.
        Assert.All(sizes.Take(6).Zip([32, 40, 50, 62, 31, 38]), s => Assert.InRange(s.First, s.Second, s.Second + 1));
    }

    private void HalfEmpty(int autoVacuum)
    {
        Create(autoVacuum);
        Fill(40_000);
        File.Execute("DELETE FROM t WHERE id < 20000");
    }

    private void Create(int autoVacuum, SqliteFile? file = null) => (file ?? File).Execute(
        $"PRAGMA auto_vacuum = {autoVacuum}; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX t_a ON t(a)");

    private void Fill(int rows, SqliteFile? file = null) => (file ?? File).Execute(
        $"PRAGMA synchronous = OFF; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO t(a) SELECT printf('%08d some text to fill the row', i) FROM n");

    private SqliteDatabase Database(SqliteFile? file = null, TimeProvider? time = null) => new(
        new SqliteDatabaseOptions { ConnectionString = new SqliteConnectionStringBuilder { DataSource = (file ?? File).Path }.ToString() }, time ?? TimeProvider.System);
}
