using System.Diagnostics;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Optimization;

/// <summary>Optimizations whose process is killed: at random moments, spread over the time one takes.</summary>
public sealed class OptimizeCrashTests(ITestOutputHelper output) : IDisposable
{
    private const string Content = "SELECT count(*), sum(length(a)), sum(id) FROM t";
    private readonly TemporaryFolder _folder = new();

    private SqliteFile Original => new(_folder.File("original.db"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2, "slices")]
    [InlineData(0, "rewrite")]
    public async Task Optimize_killed_at_any_moment_leaves_every_row_and_is_finished_by_the_next(int autoVacuum, string how)
    {
        Create(autoVacuum);
        var content = Original.Rows(Content)[0];
        var pages = (long)Original.Scalar("PRAGMA page_count")!;
        // The first runs to its end: how long one takes is what the moments of the others are spread over.
        var (whole, finished) = await KillAsync(how, after: null);
        var least = (long)finished.Scalar("PRAGMA page_count")!;

        var amidst = 0;
        for (var round = 0; round < Rounds.Count; round++)
        {
            var (_, killed) = await KillAsync(how, whole * (Random.Shared.NextDouble() * 1.1));

            Assert.Equal("ok", killed.Scalar("PRAGMA integrity_check"));
            Assert.Equal(content, killed.Rows(Content)[0]);
            var left = (long)killed.Scalar("PRAGMA page_count")!;
            // Killed after the rewrite and before the statistics, which have a page of their own.
            Assert.InRange(left, least - 1, pages);
            amidst += left > least && left < pages ? 1 : 0;
            // A rewrite has happened or it has not.
            Assert.True(how == "slices" || left == pages || Equals(killed.Scalar("PRAGMA auto_vacuum"), 2L), $"{left} of {pages} pages");

            Optimizers.Run(new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={killed.Path}" }, TimeProvider.System), new OptimizeCommand { EnableIncrementalVacuum = how == "rewrite" }, Optimizers.Ignore);
            Assert.Equal((least, 0L), ((long)killed.Scalar("PRAGMA page_count")!, killed.Scalar("PRAGMA freelist_count")));
            Assert.Equal("ok", killed.Scalar("PRAGMA integrity_check"));
            Assert.Equal(content, killed.Rows(Content)[0]);
        }

        output.WriteLine($"{amidst} of {Rounds.Count} kills came between two slices");
    }

    private void Create(int autoVacuum)
    {
        Original.Execute($"""
            PRAGMA auto_vacuum = {autoVacuum}; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
            CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX t_a ON t(a);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000) INSERT INTO t(a) SELECT printf('%08d some text to fill the row', i) FROM n;
            DELETE FROM t WHERE id < 40000;
            """);
        Original.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// <returns>How long it ran, and what it left.</returns>
    private async Task<(TimeSpan Ran, SqliteFile Left)> KillAsync(string how, TimeSpan? after)
    {
        var copy = new SqliteFile(_folder.File($"{Guid.NewGuid():N}.db"));
        File.Copy(Original.Path, copy.Path);
        return (await RunAsync(how, copy, after), copy);
    }

    private static async Task<TimeSpan> RunAsync(string how, SqliteFile file, TimeSpan? after)
    {
        using var child = await ChildProcess.StartAsync("optimize", file.Path, how);
        var watch = Stopwatch.StartNew();
        await child.WriteLineAsync("go");
        if (after is { } moment)
            await Task.Delay(moment);
        else
            Assert.Equal("optimized", await child.ReadLineAsync());
        var ran = watch.Elapsed;
        await child.KillAsync();
        return ran;
    }
}
