using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Scheduling;
using ThreatLens.Maintenance.Tests.Diagnostics;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Scheduling;

/// <summary>What comes of a due time: one operation, or a record of why there is none.</summary>
public sealed class ScheduleRunTests : SchedulingTestBase
{
    private DateTimeOffset Noon { get; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Fire_when_due_runs_an_operation_of_the_schedule_with_a_root_span()
    {
        using var recorder = new ActivityRecorder();
        var runs = NewRuns(NewSchedule());

        runs.Fire("s");

        await UntilAsync(() => Store.Read().GetValueOrDefault("s")?.LastOutcome == ScheduleOutcome.Succeeded, "the run has ended");
        var operation = Assert.Single(Operations);
        Assert.Equal(("schedule:s", true, OperationState.Succeeded), (operation.Caller.Name, operation.Caller.IsVerified, operation.State));
        Assert.NotNull(operation.TraceId);
        Assert.NotEqual(recorder.Root.TraceId.ToHexString(), operation.TraceId);
        Assert.Equal((operation.Id, Noon, null, 0L), (Record.LastOperationId, Record.SettledUntil, Record.OpenDue, Record.MissedRuns));
    }

    [Fact]
    public async Task Fire_of_one_due_time_in_several_processes_runs_it_once()
    {
        var schedule = NewSchedule();
        var all = Enumerable.Range(0, 4).Select(_ => NewRuns(schedule)).ToList();

        await Task.WhenAll(all.Select(runs => Task.Run(() => runs.Fire("s"))));
        await UntilAsync(() => Store.Read().GetValueOrDefault("s")?.LastOutcome == ScheduleOutcome.Succeeded, "the run has ended");
        await Task.WhenAll(all.Select(runs => runs.StopAsync()));
        all[0].Fire("s");

        Assert.Single(Operations);
        Assert.Equal(0, Record.MissedRuns);
    }

    [Fact]
    public async Task Fire_while_the_last_run_goes_on_is_recorded_as_missed_and_does_not_overlap()
    {
        MayEnd.Reset();
        var runs = NewRuns(NewSchedule());
        runs.Fire("s");
        await UntilAsync(() => Operations.Count == 1, "the run has begun");

        Time.Advance(TimeSpan.FromHours(1));
        runs.Fire("s");

        Assert.Equal((1L, Noon.AddHours(1), Noon), (Record.MissedRuns, Record.LastMissedAt, Record.OpenDue));
        Assert.Contains("had not ended", Record.LastMissedReason, StringComparison.Ordinal);
        MayEnd.Set();
        await UntilAsync(() => Record.LastOutcome == ScheduleOutcome.Succeeded && Record.OpenDue is null, "the run has ended");
        Assert.Single(Operations);
    }

    [Fact]
    public async Task Fire_beside_a_conflicting_operation_tries_again_until_that_has_ended()
    {
        MayEnd.Reset();
        var other = RunJobAsync("somebody");
        await UntilAsync(() => Operations.Count == 1, "the other has begun");
        var runs = NewRuns(NewSchedule());
        runs.Fire("s");
        await UntilAsync(() => runs.Waiting("s").Contains("refused", StringComparison.Ordinal), "the run is refused");
        Assert.Single(Operations);

        MayEnd.Set();
        await other;
        await AdvanceUntilAsync(() => Record.LastOutcome == ScheduleOutcome.Succeeded, TimeSpan.FromSeconds(5), "the run has ended");

        Assert.Equal(2, Operations.Count);
        Assert.Equal((0L, null, ""), (Record.MissedRuns, Record.OpenDue, runs.Waiting("s")));
    }

    [Fact]
    public async Task Fire_beside_a_conflict_that_does_not_end_is_recorded_as_missed_with_the_reason()
    {
        MayEnd.Reset();
        var other = RunJobAsync("somebody");
        await UntilAsync(() => Operations.Count == 1, "the other has begun");
        var runs = NewRuns(NewSchedule());
        runs.Fire("s");

        await AdvanceUntilAsync(() => Store.Read().GetValueOrDefault("s")?.MissedRuns == 1, TimeSpan.FromMinutes(1), "the run is missed");

        Assert.Equal((Noon, null), (Record.LastMissedAt, Record.OpenDue));
        Assert.Contains(Operations[0].Id, Record.LastMissedReason, StringComparison.Ordinal);
        Assert.InRange(Time.GetUtcNow(), Noon.AddMinutes(55), Noon.AddMinutes(75));
        MayEnd.Set();
        await other;
        Assert.Single(Operations);
    }

    [Fact]
    public async Task Fire_of_a_job_that_fails_records_that_and_what_is_due_next_runs()
    {
        var fails = true;
        var schedule = NewSchedule();
        var failing = new Schedule
        {
            Name = "s",
            Description = "",
            IsEnabled = true,
            Cron = schedule.Cron,
            Run = (request, token) => fails
                ? Runner.ExecuteAsync(new OperationWork { Kind = OperationKind.Backup, Run = _ => throw new InvalidOperationException("a defect") }, request, token)
                : RunJobAsync(request, token),
        };
        var runs = NewRuns(failing);
        runs.Fire("s");
        await UntilAsync(() => Store.Read().GetValueOrDefault("s")?.LastOutcome == ScheduleOutcome.Failed, "the run has failed");
        Assert.Contains("defect", Record.LastDetail, StringComparison.Ordinal);
        // What is due while it is still about to end would be missed.
        await runs.EndOf("s");

        fails = false;
        Time.Advance(TimeSpan.FromHours(1));
        await UntilAsync(() =>
        {
            runs.Fire("s");
            return Record.LastOutcome == ScheduleOutcome.Succeeded;
        }, "the next run has succeeded");
        Assert.Equal(("", 0L), (Record.LastDetail, Record.MissedRuns));
    }

    [Fact]
    public async Task Fire_outside_of_the_window_waits_for_it_and_its_end_stops_what_runs()
    {
        MayEnd.Reset();
        var runs = NewRuns(NewSchedule(cron: "0 0 12 * * ?", window: "15:00-16:00"));
        runs.Fire("s");
        await UntilAsync(() => runs.Waiting("s").Contains("window", StringComparison.Ordinal), "the run waits");
        Time.Advance(TimeSpan.FromMinutes(179));
        Assert.Empty(Operations);

        await AdvanceUntilAsync(() => Operations.Count == 1, TimeSpan.FromSeconds(30), "the run has begun");
        Assert.True(Operations[0].CreatedAt >= Noon.AddHours(3), $"{Operations[0].CreatedAt}");
        await AdvanceUntilAsync(() => Record.LastOutcome == ScheduleOutcome.Cancelled, TimeSpan.FromSeconds(30), "the window has closed");

        Assert.True(Time.GetUtcNow() >= Noon.AddHours(4), $"{Time.GetUtcNow()}");
        Assert.Equal(OperationState.Cancelled, Operations[0].State);
        Assert.StartsWith("Its window closed.", Record.LastDetail, StringComparison.Ordinal);
        Assert.Null(Record.OpenDue);
    }

    [Fact]
    public async Task Fire_of_due_times_before_the_window_opens_is_one_run_and_none_is_missed()
    {
        var schedule = NewSchedule(cron: "0 0 12 * * ?", window: "Sat 01:00-05:00");
        var runs = NewRuns(schedule);
        runs.Fire("s");
        await UntilAsync(() => runs.Waiting("s").Contains("window", StringComparison.Ordinal), "the run waits");
        // Wednesday to Friday.
        for (var day = 1; day <= 3; day++)
        {
            Time.Advance(TimeSpan.FromDays(1));
            runs.Fire("s");
            Assert.Equal((0L, Noon.AddDays(day), Noon), (Record.MissedRuns, Record.SettledUntil, Record.OpenDue));
        }

        await AdvanceUntilAsync(() => Operations.Count == 1 && Record.OpenDue is null, TimeSpan.FromMinutes(5), "the run has ended");

        Assert.True(Operations[0].CreatedAt >= new DateTimeOffset(2026, 11, 28, 1, 0, 0, TimeSpan.Zero), $"{Operations[0].CreatedAt}");
        Assert.Equal((ScheduleOutcome.Succeeded, 0L), (Record.LastOutcome, Record.MissedRuns));
    }

    [Fact]
    public async Task Fire_with_jitter_begins_after_it_is_due_and_within_the_bound()
    {
        var runs = NewRuns(NewSchedule(jitter: TimeSpan.FromMinutes(20)));
        runs.Fire("s");

        await AdvanceUntilAsync(() => Operations.Count == 1, TimeSpan.FromSeconds(10), "the run has begun");

        Assert.InRange(Operations[0].CreatedAt, Noon, Noon.AddMinutes(25));
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public async Task Fire_with_more_jitter_than_is_left_of_the_window_begins_within_it(double random)
    {
        var runs = NewRuns(Set(NewSchedule("0 0 12 * * ?", "11:00-12:10", TimeSpan.FromHours(10))), new Always(random));
        runs.Fire("s");

        await AdvanceUntilAsync(() => Operations.Count == 1, TimeSpan.FromSeconds(30), "the run has begun");

        Assert.InRange(Operations[0].CreatedAt, Noon, Noon.AddMinutes(9));
    }

    [Fact]
    public void Miss_of_a_due_time_that_another_process_has_changes_nothing()
    {
        var schedule = NewSchedule();
        Adopt(schedule);
        Time.Advance(TimeSpan.FromHours(1));
        var due = Noon.AddHours(1);
        Assert.True(Store.Claim(schedule, due));

        Assert.False(Store.Miss(schedule, due, holder: null, "the last run had not ended"));
        Assert.False(Store.Miss(schedule, due, "somebody else", "the last run had not ended"));

        Assert.Equal((0L, due, ProcessIdentity.Current), (Record.MissedRuns, Record.OpenDue, Record.OpenProcess));
        Assert.True(Store.Miss(schedule, due, ProcessIdentity.Current, "refused"));
        Assert.False(Store.Miss(schedule, due, ProcessIdentity.Current, "refused"));
        Assert.Equal((1L, null), (Record.MissedRuns, Record.OpenDue));
    }

    [Fact]
    public async Task Fire_of_a_paused_schedule_is_settled_without_a_run_until_the_pause_is_over()
    {
        var schedule = NewSchedule();
        Adopt(schedule);
        Store.SetPause(schedule, new SchedulePause(Noon, "alice", "because", Noon.AddHours(1).AddMinutes(30)));
        var runs = NewRuns(schedule);
        Time.Advance(TimeSpan.FromHours(1));
        runs.Fire("s");
        await UntilAsync(() => Record.SettledUntil == Noon.AddHours(1) && Record.OpenDue is null, "the due time is settled");
        await runs.StopAsync();
        Assert.Equal((0, 0L), (Operations.Count, Record.MissedRuns));

        Time.Advance(TimeSpan.FromHours(1));
        var later = NewRuns(schedule);
        later.Fire("s");

        await UntilAsync(() => Record.LastOutcome == ScheduleOutcome.Succeeded, "the run after the pause has ended");
        Assert.Single(Operations);
    }

    [Fact]
    public async Task Fire_without_a_database_is_no_crash_and_leaves_no_file()
    {
        foreach (var file in Directory.GetFiles(Folder.Path, "threatlens.db*"))
            System.IO.File.Delete(file);
        var runs = NewRuns(NewSchedule());

        runs.Fire("s");
        await runs.StopAsync();

        Assert.False(System.IO.File.Exists(File.Path));
        Assert.Empty(Store.Read());
    }

    private sealed class Always(double value) : Random
    {
        public override double NextDouble() => value;
    }
}
