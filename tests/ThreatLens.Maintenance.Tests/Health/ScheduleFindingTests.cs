using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Scheduling;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>Schedules that do not run, and their failed runs: told once, by one rule, until they have run.</summary>
public sealed class ScheduleFindingTests : HealthTestBase
{
    [Fact]
    public async Task Report_due_time_that_nothing_came_of_is_told_until_the_schedule_is_run()
    {
        await MakeHealthyAsync();
        Assert.True(Get<ScheduleStore>().Adopt(Get<ScheduleSet>().All));
        Assert.Empty(Findings());
        // Sunday noon: the check of Monday at 01:00 comes first, and a quarter of an hour is allowed.
        Time.Advance(TimeSpan.FromHours(13.2));
        Assert.Empty(Findings());
        Time.Advance(TimeSpan.FromMinutes(10));

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("operations.schedule_missed", "integrity-check", "threatlens schedule run integrity-check", "RunSchedule"), (finding.Id, finding.Subject, finding.Command, finding.Rpc));
        Assert.Equal(1d, Value(Report(), HealthSectionKind.Operations, "schedules_missed"));
        await Get<ScheduleOperations>().RunAsync("integrity-check", Request(), CancellationToken.None);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_run_that_was_missed_is_told_with_its_reason_and_not_while_the_schedule_is_paused()
    {
        await MakeHealthyAsync();
        var (store, cleanup) = (Get<ScheduleStore>(), Get<ScheduleSet>().Get("cleanup"));
        Assert.True(store.Adopt(Get<ScheduleSet>().All));
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(store.Miss(cleanup, Time.GetUtcNow(), null, "the service did not run"));

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("operations.schedule_missed", "cleanup"), (finding.Id, finding.Subject));
        Assert.Contains("the service did not run", finding.Evidence, StringComparison.Ordinal);
        store.SetPause(cleanup, new SchedulePause(Time.GetUtcNow(), "test", "", null));
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_failed_run_is_a_failed_operation_at_first_and_the_schedules_failure_until_it_runs_again()
    {
        await MakeHealthyAsync();
        Assert.True(Get<ScheduleStore>().Adopt(Get<ScheduleSet>().All));
        await FailAsync("optimize");

        Assert.Equal(["operations.failed"], Findings());
        Assert.Equal(1d, Value(Report(), HealthSectionKind.Operations, "schedules_failed"));
        // Longer ago than failed operations are told of.
        File.Execute($"UPDATE maintenance_schedules SET settled_until = '2026-11-02 12:01:00.000000'");
        Time.Advance(TimeSpan.FromHours(24.1));
        Assert.Equal(["operations.schedule_failed"], Findings());
        await Get<ScheduleOperations>().RunAsync("optimize", Request(), CancellationToken.None);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_quick_check_does_not_make_up_for_a_full_one_that_failed()
    {
        await MakeHealthyAsync();
        Assert.True(Get<ScheduleStore>().Adopt(Get<ScheduleSet>().All));
        await FailAsync("integrity-check-full");
        await Get<ScheduleOperations>().RunAsync("integrity-check", Request(), CancellationToken.None);

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("operations.schedule_failed", "integrity-check-full"), (finding.Id, finding.Subject));
    }

    /// <summary>A run of the schedule, put on record as failed.</summary>
    private async Task FailAsync(string schedule)
    {
        var operation = await Get<ScheduleOperations>().RunAsync(schedule, Request(), CancellationToken.None);
        File.Execute($"UPDATE maintenance_operations SET state = 'Failed' WHERE id = '{operation.Id}'");
        Assert.Equal(operation.Id, File.Scalar($"SELECT last_operation_id FROM maintenance_schedules WHERE name = '{schedule}'"));
        Time.Advance(TimeSpan.FromSeconds(1));
    }
}
