using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>The runs of this process: at most one of each schedule at a time. Thread-safe.</summary>
public sealed class ScheduleRuns(ScheduleSet set, ScheduleStore store, OperationRunner runner, TimeProvider time, ILogger<ScheduleRuns> logger) : IDisposable
{
    // Later than that, a due time was not met because the process, or the machine, stood still.
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, (ScheduleRun Run, Task End)> _active = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();

    internal Random Random { get; init; } = Random.Shared;

    /// <summary>What the run of a schedule that is due waits for; empty: nothing is due, or it runs.</summary>
    /// <param name="schedule">Name of the schedule.</param>
    public string Waiting(string schedule) => _active.TryGetValue(schedule, out var active) ? active.Run.Waiting : "";

    /// <summary>Ends with the run of a schedule that is known now, its record included; at once when there is none. For tests.</summary>
    internal Task EndOf(string schedule) => _active.TryGetValue(schedule, out var active) ? active.End : Task.CompletedTask;

    /// <summary>A schedule is due now, or was while nobody looked: runs it, unless it is paused, settled, or another process has it.</summary>
    /// <param name="name">Name of the schedule.</param>
    /// <param name="at">When the timer says it is; it may be a moment early.</param>
    internal void Fire(string name, DateTimeOffset? at = null)
    {
        var schedule = set.Get(name);
        var now = time.GetUtcNow();
        if (schedule.DueUpTo(at > now ? at.Value : now) is not { } due)
            return;
        Begin(schedule, due, isLate: now - due > Late, () => !SettlePaused(schedule, due) && store.Claim(schedule, due));
    }

    /// <summary>What was due before this process looked after it, or was left open by one that is gone.</summary>
    internal void CatchUp(Schedule schedule, ScheduleRecord record)
    {
        if (record.OpenDue is { } open && runner.IsGone(record.OpenProcess))
            Begin(schedule, open, isLate: true, () => store.TakeOver(schedule, open, record.OpenProcess), record.OpenProcess);
        else if (schedule.DueUpTo(time.GetUtcNow()) is { } due && due > record.SettledUntil)
            Begin(schedule, due, isLate: true, () => !SettlePaused(schedule, due) && store.Claim(schedule, due));
    }

    /// <summary>Stops what waits, and waits for what runs: operations are stopped by whoever stops all of them.</summary>
    internal async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_active.Values.Select(a => a.End)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    internal static void Record(Schedule schedule, Action record, ILogger logger)
    {
        try
        {
            record();
        }
        catch (MaintenanceException e)
        {
            Log.NotRecorded(logger, e, schedule.Name, e.Reason);
        }
    }

    /// <summary>Records, counts and logs that no run came of a due time, unless another process has it. One that cannot be recorded is logged all the same.</summary>
    internal static void Miss(Schedule schedule, DateTimeOffset due, string? holder, string reason, ScheduleStore store, ILogger logger)
    {
        var isOurs = true;
        Record(schedule, () => isOurs = store.Miss(schedule, due, holder, reason), logger);
        if (!isOurs)
            return;
        Log.Missed(logger, schedule.Name, due, reason);
        ScheduleMetrics.Ended(schedule.Name, "missed");
    }

    private void Begin(Schedule schedule, DateTimeOffset due, bool isLate, Func<bool> claim, string? holder = null)
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
                return;
            if (_active.TryGetValue(schedule.Name, out var active))
            {
                if (active.Run.Covers(due))
                    Record(schedule, () => store.Cover(schedule, due), logger);
                else if (active.Run.Due != due)
                    Miss(schedule, due, holder, $"the run that was due {active.Run.Due:u} had not ended yet", store, logger);
                return;
            }

            if (isLate && schedule.MissedRuns == MissedRunPolicy.Skip)
            {
                Miss(schedule, due, holder, "the service did not run", store, logger);
                return;
            }

            if (isLate)
                Log.MadeUpFor(logger, schedule.Name, due);
            var run = new ScheduleRun(schedule, due, claim, set.RetryFor, store, runner, Random, time, logger);
            // Under the lock, so that it cannot have ended before it is known.
            _active[schedule.Name] = (run, Task.Run(() => RunAsync(schedule, run)));
        }
    }

    private async Task RunAsync(Schedule schedule, ScheduleRun run)
    {
        try
        {
            await run.RunAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Its due time stays open: the next start takes it up.
        }
        catch (Exception e)
        {
            // The edge: no run may take the others with it.
            Log.Defect(logger, e, schedule.Name, run.Due);
        }
        finally
        {
            lock (_lock)
                _active.TryRemove(schedule.Name, out _);
        }
    }

    /// <summary>A due time within a pause is settled, not missed.</summary>
    private bool SettlePaused(Schedule schedule, DateTimeOffset due)
    {
        if (!store.Read().TryGetValue(schedule.Name, out var record) || record.PauseAt(due) is null)
            return false;
        if (store.Claim(schedule, due))
            store.Settle(schedule, due);
        return true;
    }
}
