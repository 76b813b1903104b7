using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>Schedules for callers: how they stand, running one now, pausing and resuming. Thread-safe.</summary>
public sealed class ScheduleOperations(ScheduleSet set, ScheduleStore store, ScheduleRuns runs, OperationRunner runner, TimeProvider time, ILogger<ScheduleOperations> logger)
{
    /// <summary>Longest reason of a pause, characters.</summary>
    public const int MaxReasonLength = 1_000;

    /// <summary>How all schedules stand, by name.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    public IReadOnlyList<ScheduleStatus> List()
    {
        var records = store.Read();
        return [.. set.All.OrderBy(s => s.Name, StringComparer.Ordinal).Select(s => Status(s, records.GetValueOrDefault(s.Name)))];
    }

    /// <summary>How one schedule stands.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="MaintenanceException">SCHEDULE_NOT_FOUND, or the database cannot be read.</exception>
    public ScheduleStatus Get(string name) => Status(set.Get(name), store.Read().GetValueOrDefault(name));

    /// <summary>
    /// Runs a schedule's job now. Asked for by somebody who is there: neither window, jitter nor pause holds it up, and a conflict is told at once instead of
    /// tried again.
    /// </summary>
    /// <param name="name">Name of the schedule.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">SCHEDULE_NOT_FOUND, or it was refused or has failed.</exception>
    public Task<Operation> RunAsync(string name, OperationRequest request, CancellationToken cancellationToken)
    {
        var schedule = set.Get(name);
        return schedule.Run(request with { Accepted = operation => ScheduleRuns.Record(schedule, () => store.Began(schedule, operation), logger) }, cancellationToken);
    }

    /// <summary>How a schedule would stand once it is paused or resumed. Writes nothing.</summary>
    /// <param name="name">Name of the schedule.</param>
    /// <param name="pause">The pause; null: resumed.</param>
    /// <exception cref="MaintenanceException">As <see cref="Check"/>.</exception>
    public ScheduleStatus Plan(string name, SchedulePause? pause)
    {
        var schedule = Check(name, pause);
        var record = store.Read().GetValueOrDefault(name) ?? new ScheduleRecord { SettledUntil = time.GetUtcNow() };
        return Status(schedule, record with { Pause = pause });
    }

    /// <summary>Pauses or resumes a schedule as an operation. What runs goes on; what is due meanwhile is neither run, nor made up for.</summary>
    /// <param name="name">Name of the schedule.</param>
    /// <param name="pause">The pause, which takes the place of one that there is; null: resumes.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">As <see cref="Check"/>, or it was refused or has failed.</exception>
    public Task<Operation> PauseAsync(string name, SchedulePause? pause, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.PauseSchedule,
            Check = () => Check(name, pause),
            Run = _ =>
            {
                store.SetPause(set.Get(name), pause);
                return new PausedSchedule(name, pause);
            },
        },
        request, cancellationToken);

    /// <summary>Refuses what cannot be meant.</summary>
    /// <exception cref="MaintenanceException">SCHEDULE_NOT_FOUND, or INVALID_ARGUMENT naming the field.</exception>
    private Schedule Check(string name, SchedulePause? pause)
    {
        var schedule = set.Get(name);
        if (pause?.Until <= time.GetUtcNow())
            throw MaintenanceException.InvalidArgument("pause_until", "is past; name a later moment, or leave it out to pause until somebody resumes it");
        if (pause?.Reason.EnumerateRunes().Count() > MaxReasonLength || pause?.Reason.Contains('\0', StringComparison.Ordinal) == true)
            throw MaintenanceException.InvalidArgument("reason", $"must have at most {MaxReasonLength} characters, none of them U+0000");
        return schedule;
    }

    private ScheduleStatus Status(Schedule schedule, ScheduleRecord? record)
    {
        var now = time.GetUtcNow();
        var pause = record?.PauseAt(now);
        var next = pause is null ? schedule.NextRun(now) : pause.Until is { } until ? schedule.NextRun(until - TimeSpan.FromTicks(1)) : null;
        var last = record?.LastOperationId is { } id ? Find(id) : null;
        return new ScheduleStatus(
            schedule, record, next, pause, runs.Waiting(schedule.Name),
            last is null ? record?.LastOutcome : ScheduledOperation.Outcome(last),
            record is { LastOutcome: not null } ? record.LastDetail : last is null ? "" : ScheduledOperation.Detail(last));
    }

    /// <summary>Null once a cleanup has removed it from the record.</summary>
    private Operation? Find(string id)
    {
        try
        {
            return runner.Get(id);
        }
        catch (MaintenanceException e) when (e.Reason == ErrorReasons.OperationNotFound)
        {
            return null;
        }
    }
}
