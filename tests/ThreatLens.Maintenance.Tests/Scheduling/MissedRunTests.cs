using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Scheduling;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Scheduling;

/// <summary>What was due while the service did not run.</summary>
public sealed class MissedRunTests : SchedulingTestBase
{
    [Fact]
    public async Task CatchUp_after_several_due_times_runs_one()
    {
        var schedule = NewSchedule();
        Adopt(schedule);
        Time.Advance(TimeSpan.FromMinutes(205));
        Adopt(schedule);
        var runs = NewRuns(schedule);

        runs.CatchUp(schedule, Record);

        await UntilAsync(() => Record.LastOutcome == ScheduleOutcome.Succeeded, "the run has ended");
        await runs.StopAsync();
        Assert.Single(Operations);
        Assert.Equal((new DateTimeOffset(2026, 11, 24, 15, 0, 0, TimeSpan.Zero), 0L), (Record.SettledUntil, Record.MissedRuns));
        var again = NewRuns(schedule);
        again.CatchUp(schedule, Record);
        await again.StopAsync();
        Assert.Single(Operations);
    }

    [Fact]
    public async Task CatchUp_by_the_policy_Skip_records_a_missed_run()
    {
        var schedule = NewSchedule(missed: MissedRunPolicy.Skip);
        Adopt(schedule);
        Time.Advance(TimeSpan.FromMinutes(205));
        var runs = NewRuns(schedule);

        runs.CatchUp(schedule, Record);
        await runs.StopAsync();

        Assert.Empty(Operations);
        Assert.Equal((1L, "the service did not run", new DateTimeOffset(2026, 11, 24, 15, 0, 0, TimeSpan.Zero)), (Record.MissedRuns, Record.LastMissedReason, Record.SettledUntil));
    }

    [Theory]
    [InlineData("0 30 * * * ?", 0)]
    [InlineData("0 0 * * * ?", 1)]
    public async Task CatchUp_after_the_times_were_changed_makes_up_for_nothing(string cronNow, int operations)
    {
        Adopt(NewSchedule());
        Time.Advance(TimeSpan.FromMinutes(100));
        var schedule = NewSchedule(cronNow);
        Adopt(schedule);
        var runs = NewRuns(schedule);

        runs.CatchUp(schedule, Record);
        await UntilAsync(() => operations == 0 || Record.LastOutcome is not null, "the run has ended");
        await runs.StopAsync();

        Assert.Equal(operations, Operations.Count);
    }

    [Fact]
    public async Task CatchUp_of_a_pause_that_held_then_makes_up_for_nothing()
    {
        var schedule = NewSchedule();
        Adopt(schedule);
        Store.SetPause(schedule, new SchedulePause(Time.GetUtcNow(), "alice", "", Time.GetUtcNow().AddMinutes(90)));
        Time.Advance(TimeSpan.FromMinutes(100));
        var runs = NewRuns(schedule);

        runs.CatchUp(schedule, Record);
        await runs.StopAsync();

        Assert.Empty(Operations);
        Assert.Equal((0L, new DateTimeOffset(2026, 11, 24, 13, 0, 0, TimeSpan.Zero), null), (Record.MissedRuns, Record.SettledUntil, Record.OpenDue));
    }

    [Fact]
    public async Task Run_that_a_process_left_open_is_taken_up_once_by_those_who_start_next()
    {
        var schedule = NewSchedule();
        Assert.True(Claimed(schedule));
        File.Execute("UPDATE maintenance_schedules SET open_process = 'elsewhere/1/1'");
        var record = Record;
        var (first, second) = (NewRuns(schedule), NewRuns(schedule));

        first.CatchUp(schedule, record);
        second.CatchUp(schedule, record);
        await UntilAsync(() => Record.LastOutcome == ScheduleOutcome.Succeeded && Record.OpenDue is null, "the run has ended");
        await Task.WhenAll(first.StopAsync(), second.StopAsync());

        Assert.Single(Operations);
    }

    [Fact]
    public async Task Run_that_a_living_process_has_is_left_to_it()
    {
        var schedule = NewSchedule();
        Assert.True(Claimed(schedule));
        var runs = NewRuns(schedule);

        runs.CatchUp(schedule, Record);
        await runs.StopAsync();

        Assert.Empty(Operations);
        Assert.NotNull(Record.OpenDue);
    }

    [Fact]
    public async Task Stop_while_a_run_waits_leaves_its_due_time_open()
    {
        var runs = NewRuns(NewSchedule(window: "20:00-21:00"));
        runs.Fire("s");
        await UntilAsync(() => runs.Waiting("s").Length > 0, "the run waits");

        await runs.StopAsync();

        Assert.Equal((Time.GetUtcNow(), 0L), (Record.OpenDue, Record.MissedRuns));
        Assert.Equal(ProcessIdentity.Current, Record.OpenProcess);
        Assert.Empty(Operations);
    }

    [Fact]
    public async Task Run_that_the_end_of_the_service_cut_short_stays_open_and_one_that_somebody_cancelled_does_not()
    {
        foreach (var isEnd in new[] { false, true })
        {
            MayEnd.Reset();
            var runs = NewRuns(NewSchedule());
            runs.Fire("s");
            await UntilAsync(() => Operations.FirstOrDefault()?.State == OperationState.Running, "the run has begun");

            if (isEnd)
                Runner.CancelAll();
            else
                Runner.Cancel(Operations[0].Id);
            await runs.StopAsync();

            Assert.Equal((ScheduleOutcome.Cancelled, isEnd), (Record.LastOutcome, Record.OpenDue is not null));
            Time.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public async Task Fire_by_a_timer_that_is_a_moment_early_is_of_the_time_to_come_and_runs_once()
    {
        var due = Time.GetUtcNow().AddHours(1);
        Time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(2));
        var (first, second) = (NewRuns(NewSchedule()), NewRuns(NewSchedule()));

        first.Fire("s", due);
        second.Fire("s", due);
        await AdvanceUntilAsync(() => Store.Read().GetValueOrDefault("s")?.LastOutcome == ScheduleOutcome.Succeeded, TimeSpan.FromMilliseconds(1), "the run has ended");
        await Task.WhenAll(first.StopAsync(), second.StopAsync());

        Assert.Equal(due, Record.SettledUntil);
        Assert.Single(Operations);
    }

    [Fact]
    public void Claim_after_the_clock_was_set_back_is_not_held_up_by_a_time_to_come()
    {
        var schedule = NewSchedule();
        Time.Advance(TimeSpan.FromDays(100));
        Assert.True(Claimed(schedule));
        Time.AdjustTime(Time.GetUtcNow() - TimeSpan.FromDays(99));

        Assert.True(Claimed(schedule));
        Assert.False(Claimed(schedule));
    }

    private bool Claimed(Schedule schedule) => Store.Claim(schedule, schedule.DueUpTo(Time.GetUtcNow())!.Value);
}
