using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Scheduling;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Scheduling;

/// <summary>Quartz, driven by a clock that the test turns.</summary>
public sealed class SchedulerServiceTests : SchedulingTestBase
{
    private readonly StartupState _startup = new();

    private DateTimeOffset Noon { get; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Schedule_runs_at_each_due_time_once_start_up_has_finished()
    {
        var schedule = NewSchedule("0 0/10 * * * ?");
        var runs = NewRuns(schedule);
        using var service = new SchedulerService(Set(schedule), Store, runs, _startup, Time, NullLogger<SchedulerService>.Instance);
        await service.StartAsync(CancellationToken.None);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(Store.Read());

        _startup.Finish();
        for (var run = 1; run <= 3; run++)
            await RunsAsync(run, Noon.AddMinutes(10 * run));
        await service.StopAsync(CancellationToken.None);

        var slots = Operations.Select(o => o.CreatedAt.Ticks / TimeSpan.FromMinutes(10).Ticks).Order().ToList();
        Assert.Equal([slots[0], slots[0] + 1, slots[0] + 2], slots);
        var count = Operations.Count;
        Time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(count, Operations.Count);
    }

    /// <summary>Turns the clock to the due time, and hardly any further until its run has ended, which takes as long as it does.</summary>
    private async Task RunsAsync(int run, DateTimeOffset due)
    {
        await AdvanceUntilAsync(() => Time.GetUtcNow() >= due, TimeSpan.FromSeconds(5), $"{due:t}");
        await AdvanceUntilAsync(() => Operations.Count == run && Record.SettledUntil == due && Record.OpenDue is null, TimeSpan.FromMilliseconds(20), $"run {run}");
    }

    [Fact]
    public async Task Service_that_was_down_makes_up_for_what_it_missed_when_it_starts()
    {
        var schedule = NewSchedule("0 0/10 * * * ?");
        Adopt(schedule);
        Time.Advance(TimeSpan.FromMinutes(95));
        _startup.Finish();
        var runs = NewRuns(schedule);
        using var service = new SchedulerService(Set(schedule), Store, runs, _startup, Time, NullLogger<SchedulerService>.Instance);

        await service.StartAsync(CancellationToken.None);
        await UntilAsync(() => Record.LastOutcome == ScheduleOutcome.Succeeded, "the run has ended");
        await service.StopAsync(CancellationToken.None);

        Assert.Single(Operations);
    }

    [Fact]
    public async Task Database_without_the_services_tables_is_left_alone_until_something_is_due()
    {
        var schedule = NewSchedule("0 0 0 1 * ?");
        _startup.Finish();
        var runs = NewRuns(schedule);
        using var service = new SchedulerService(Set(schedule), Store, runs, _startup, Time, NullLogger<SchedulerService>.Instance);
        await service.StartAsync(CancellationToken.None);
        for (var i = 0; i < 20; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(15));
            await Task.Delay(5);
        }

        Assert.Equal(0, OwnTables.ReadVersion());
        OwnTables.Ensure(mayCreateDatabase: false, CancellationToken.None);
        await AdvanceUntilAsync(() => Store.Read().Count == 1, TimeSpan.FromSeconds(15), "the schedule is on record");
        await service.StopAsync(CancellationToken.None);
        Assert.Empty(Operations);
    }
}
