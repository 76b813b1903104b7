using Xunit;

namespace ThreatLens.EndToEnd.Tests.Health;

/// <summary>Remedies for schedules that came to nothing, and for the clock that keeps them from running.</summary>
public sealed class ScheduleRemedyTests : RemedyTestBase
{
    [Fact]
    [Clears("operations.schedule_missed", "operations.schedule_failed")]
    public async Task Commands_clear_the_findings_of_schedules_that_came_to_nothing()
    {
        Settings["Maintenance__Scheduling__Enabled"] = "true";
        // Missed ones stay missed.
        Settings["Maintenance__Scheduling__Cleanup__MissedRuns"] = Settings["Maintenance__Scheduling__Optimize__MissedRuns"] = "Skip";
        await using var service = await StartAsync();
        await service.WaitForHealthAsync();
        await RunAsync(service, 0, "migrate");
        File.Execute(
            """
            INSERT INTO maintenance_schedules(name, rhythm, settled_until, missed_runs, last_missed_at, last_missed_reason)
                VALUES ('cleanup', '', strftime('%Y-%m-%d %H:%M:%f000'), 1, strftime('%Y-%m-%d %H:%M:%f000', 'now', '-1 hour'), 'the service did not run')
            ON CONFLICT(name) DO UPDATE SET missed_runs = 1, last_missed_at = excluded.last_missed_at, last_missed_reason = excluded.last_missed_reason;
            INSERT INTO maintenance_schedules(name, rhythm, settled_until, last_time, last_outcome, last_detail)
                VALUES ('optimize', '', strftime('%Y-%m-%d %H:%M:%f000'), strftime('%Y-%m-%d %H:%M:%f000', 'now', '-1 hour'), 'Failed', 'the disk was full')
            ON CONFLICT(name) DO UPDATE SET last_time = excluded.last_time, last_outcome = excluded.last_outcome, last_detail = excluded.last_detail
            """);

        await FollowAsync(service, ["operations.schedule_missed", "operations.schedule_failed"]);

        AssertFollowed();
    }

    [Fact]
    [Clears("retention.clock_set_back")]
    public async Task Command_clears_the_finding_of_a_clock_that_had_been_ahead()
    {
        await using var service = await StartAsync();
        await service.WaitForHealthAsync();
        await RunAsync(service, 0, "migrate");
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', strftime('%Y-%m-%d %H:%M:%S', 'now', '+2 days'))");
        await RunAsync(service, 1, "cleanup");

        await FollowAsync(service, ["retention.clock_set_back"]);

        await RunAsync(service, 0, "cleanup");
        AssertFollowed();
    }
}
