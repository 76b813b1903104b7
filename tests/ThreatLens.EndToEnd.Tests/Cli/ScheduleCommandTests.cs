using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>schedules and schedule: the real command line against the real service.</summary>
public sealed class ScheduleCommandTests
{
    [Fact]
    public async Task Schedules_are_listed_run_paused_and_resumed()
    {
        await using var service = await RunningService.StartAsync();
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);

        var ran = await service.RunAsync("schedule", "run", "integrity-check-full");
        Assert.Equal(0, ran.Code);
        Assert.Contains("integrity_check found nothing", ran.Output, StringComparison.Ordinal);
        var plan = await service.RunAsync("schedule", "pause", "backup", "--why", "tapes are full", "--until", "2099-01-01", "--plan");
        Assert.Contains("tapes are full", plan.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("tapes", (await service.RunAsync("schedules")).Output, StringComparison.Ordinal);
        var paused = await service.RunAsync("schedule", "pause", "backup", "--why", "tapes are full", "--until", "2099-01-01");
        Assert.Equal(0, paused.Code);
        Assert.Contains("Schedule backup is paused until 2099-01-01 00:00:00.", paused.Output, StringComparison.Ordinal);

        var listed = await service.RunAsync("schedules");
        Assert.Equal(0, listed.Code);
        Assert.Contains("backup: paused until 2099-01-01 00:00:00, by ", listed.Output, StringComparison.Ordinal);
        Assert.Contains(": tapes are full", listed.Output, StringComparison.Ordinal);
        var json = ListSchedulesResponse.Parser.ParseJson((await service.RunAsync("schedules", "--output", "json")).Output);
        Assert.Equal(["backup"], json.Schedules.Where(s => s.Paused).Select(s => s.Name));
        Assert.Equal(ScheduleOutcome.Succeeded, json.Schedules.Single(s => s.Name == "integrity-check-full").LastOutcome);

        Assert.Contains("Schedule backup is not paused.", (await service.RunAsync("schedule", "resume", "backup")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("tapes", (await service.RunAsync("schedules")).Output, StringComparison.Ordinal);
        var operations = (await service.RunAsync("operations", "--kind", "pause-schedule")).Output;
        Assert.Contains("backup paused", operations, StringComparison.Ordinal);
        Assert.Contains("backup resumed", operations, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_that_finds_problems_is_exit_code_3_and_shows_them()
    {
        await using var service = await RunningService.StartAsync();
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        new Testing.Sqlite.SqliteFile(service.DatabasePath).Execute(
            """
            CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2), (3, 4); CREATE INDEX t_a ON t(a);
            PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE INDEX t_a ON t(b)' WHERE name = 't_a';
            """);

        var ran = await service.RunAsync("schedule", "run", "integrity-check-full");

        Assert.Equal(3, ran.Code);
        Assert.Contains("t_a", ran.Output, StringComparison.Ordinal);
        Assert.Contains("problems found", (await service.RunAsync("schedules")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schedule_that_is_not_there_and_a_pause_until_long_ago_have_their_exit_codes()
    {
        await using var service = await RunningService.StartAsync();
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);

        var unknown = await service.RunAsync("schedule", "run", "coffee");
        Assert.Equal(1, unknown.Code);
        Assert.Contains("SCHEDULE_NOT_FOUND", unknown.Error, StringComparison.Ordinal);
        var past = await service.RunAsync("schedule", "pause", "backup", "--until", "2020-01-01");
        Assert.Equal(2, past.Code);
        Assert.Contains("pause_until", past.Error, StringComparison.Ordinal);
        var usage = await service.RunAsync("schedule", "pause");
        Assert.Equal(2, usage.Code);
    }
}
