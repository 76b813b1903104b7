using System.Globalization;
using System.Text.Json;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary><c>threatlens optimize</c> and <c>size-info</c> against the real service.</summary>
public sealed class SpaceCommandTests
{
    [Fact]
    public async Task Optimize_as_planned_shrinks_the_file_and_size_info_shows_it()
    {
        await using var service = await RunningService.StartAsync();
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        new SqliteFile(service.DatabasePath).Execute("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
            INSERT INTO raw_logs(id, content, source) SELECT i, hex(randomblob(200)), 'test' FROM n;
            DELETE FROM raw_logs WHERE id > 100
            """);

        var plan = await service.RunAsync("optimize", "--plan");
        var etag = plan.Lines[^1].Split(' ')[1];
        var done = await service.RunAsync("optimize", "--etag", etag);
        var stale = await service.RunAsync("optimize", "--full-vacuum", "--etag", etag);
        var size = await service.RunAsync("size-info");
        var json = await service.RunAsync("size-info", "--output", "json");

        Assert.Equal(0, plan.Code);
        Assert.Contains("free bytes back in slices", plan.Output, StringComparison.Ordinal);
        Assert.Equal(0, done.Code);
        Assert.Contains("Gave space back: from ", done.Output, StringComparison.Ordinal);
        Assert.Equal(1, stale.Code);
        Assert.Contains("ETAG_MISMATCH", stale.Error, StringComparison.Ordinal);
        Assert.Equal(0, size.Code);
        Assert.Contains(size.Lines, line => line.StartsWith("raw_logs ", StringComparison.Ordinal) && line.Contains("table", StringComparison.Ordinal));
        Assert.Contains(size.Lines, line => line.StartsWith("Bytes: exact", StringComparison.Ordinal));
        var advice = await service.RunAsync("index-advice");
        Assert.Equal(0, advice.Code);
        Assert.Contains(advice.Lines, line => line.StartsWith("duplicate: idx_log_sources_name on log_sources", StringComparison.Ordinal));
        using var document = JsonDocument.Parse(json.Output);
        // Of two million bytes; a page or two may have become free since, by what the service writes down of itself.
        Assert.InRange(long.Parse(document.RootElement.GetProperty("size").GetProperty("freeBytes").GetString()!, CultureInfo.InvariantCulture), 0, 8 * 4096);
    }

    [Fact]
    public async Task Size_info_without_a_database_is_exit_code_1_and_says_so()
    {
        await using var service = await RunningService.StartAsync();

        var result = await service.RunAsync("size-info");

        Assert.Equal(1, result.Code);
        Assert.Contains("DATABASE_MISSING", result.Error, StringComparison.Ordinal);
    }
}
