using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>cleanup and hold: the real command line against the real service.</summary>
public sealed class RetentionCommandTests
{
    [Fact]
    public async Task Cleanup_is_planned_and_run_and_spares_what_a_hold_pins()
    {
        // Rollups are rows too, and may or may not be there yet.
        await using var service = await RunningService.StartAsync(keepsRollups: false);
        var database = new SqliteFile(service.DatabasePath);
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        database.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's' || (i % 2), 't', '1', strftime('%Y-%m-%d 00:00:00', 'now', '-60 days') FROM n
            """);
        Assert.Contains("There are no holds.", (await service.RunAsync("hold", "list")).Output, StringComparison.Ordinal);
        Assert.Contains("Would pin 50 rows.", (await service.RunAsync("hold", "create", "--source", "s1", "--reason", "case 7", "--plan")).Output, StringComparison.Ordinal);
        var created = await service.RunAsync("hold", "create", "--source", "s1", "--reason", "case 7", "--until", "2999-01-01", "--output", "json");
        Assert.Equal(0, created.Code);
        var hold = CreateHoldResponse.Parser.ParseJson(created.Output).Result.Hold;
        Assert.Contains("source s1", (await service.RunAsync("hold", "list")).Output, StringComparison.Ordinal);

        var plan = await service.RunAsync("cleanup", "--plan");
        Assert.Equal(0, plan.Code);
        Assert.Contains("Would delete 50 rows", plan.Output, StringComparison.Ordinal);
        Assert.Contains("1 hold is in force", plan.Output, StringComparison.Ordinal);
        var etag = plan.Lines.Single(l => l.StartsWith("etag ", StringComparison.Ordinal))["etag ".Length..];
        var cleaned = await service.RunAsync("cleanup", "--etag", etag);
        Assert.Equal(0, cleaned.Code);
        Assert.Contains("Deleted 50 rows in ", cleaned.Output, StringComparison.Ordinal);

        // This service keeps no sums, so the cleanup has made none.
        Assert.Contains("Nothing would pin 50 rows any more.", (await service.RunAsync("hold", "release", hold.Id, "--plan")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await service.RunAsync("hold", "release", hold.Id)).Code);
        var refused = await service.RunAsync("cleanup", "--etag", etag);
        Assert.Equal(1, refused.Code);
        Assert.Contains("ETAG_MISMATCH", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await service.RunAsync("cleanup", "--table", "processing_metrics", "--max-age", "processing_metrics=0", "--confirm-everything", "processing_metrics")).Code);
        Assert.Equal(0L, database.Scalar("SELECT count(*) FROM processing_metrics"));
    }

    [Fact]
    public async Task Cleanup_that_the_service_finds_wrong_is_exit_code_2()
    {
        await using var service = await RunningService.StartAsync();
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);

        foreach (var arguments in (string[][])[["--max-age", "events=0"], ["--table", "nothing"], ["--max-size", "1"], ["--resume", "nothing", "--table", "events"], ["--etag", "x"]])
        {
            var result = await service.RunAsync(["cleanup", .. arguments]);
            Assert.Equal(2, result.Code);
            Assert.Contains("INVALID_ARGUMENT", result.Error, StringComparison.Ordinal);
        }

        Assert.Equal(1, (await service.RunAsync("hold", "release", "nothing")).Code);
    }

    [Theory]
    [InlineData("cleanup --max-age events", "TABLE=DURATION")]
    [InlineData("cleanup --max-age events=soon", "TABLE=DURATION")]
    [InlineData("cleanup --max-age events=9999d", "less than 3650 days")]
    [InlineData("cleanup --max-rows events=0", "TABLE=N")]
    [InlineData("cleanup --max-size much", "is no size")]
    [InlineData("hold create --reason r", "exactly one")]
    [InlineData("hold create --reason r --source s --event e", "exactly one")]
    [InlineData("hold create --source s", "--reason")]
    [InlineData("hold create --reason r --from yesterday", "is no time")]
    public async Task Command_line_that_cannot_be_meant_is_exit_code_2(string line, string error)
    {
        var result = await CliProcess.RunAsync(new Uri("http://localhost:1"), line.Split(' '));

        Assert.Equal(2, result.Code);
        Assert.Contains(error, result.Error, StringComparison.Ordinal);
    }
}
