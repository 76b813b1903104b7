using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Integrity;
using ThreatLens.Maintenance.Scheduling;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Schedules, and the checks that they run, between the domain and the contract.</summary>
internal static class ScheduleMapping
{
    public static Contract.Schedule ToContract(this ScheduleStatus status) => new()
    {
        Name = status.Schedule.Name,
        Description = status.Schedule.Description,
        Enabled = status.Schedule.IsEnabled,
        Cron = status.Schedule.Cron.CronExpressionString,
        TimeZone = status.Schedule.Cron.TimeZone.Id,
        Window = status.Schedule.Window?.ToString() ?? "",
        Jitter = status.Schedule.Jitter.ToDuration(),
        MissedRunsPolicy = status.Schedule.MissedRuns == MissedRunPolicy.Skip ? Contract.MissedRunPolicy.Skip : Contract.MissedRunPolicy.RunOnce,
        Paused = status.Pause is not null,
        Pause = status.Pause?.ToContract(),
        NextTime = status.NextRun?.ToTimestamp(),
        LastTime = status.Record?.LastTime?.ToTimestamp(),
        LastOperationId = status.Record?.LastOperationId ?? "",
        LastOutcome = ToContract(status.LastOutcome),
        LastDetail = status.LastDetail,
        MissedRuns = status.Record?.MissedRuns ?? 0,
        LastMissedTime = status.Record?.LastMissedAt?.ToTimestamp(),
        LastMissedReason = status.Record?.LastMissedReason ?? "",
        Waiting = status.Waiting,
    };

    public static Contract.Schedule ToContract(this PausedSchedule paused) => new()
    {
        Name = paused.Name,
        Paused = paused.Pause is not null,
        Pause = paused.Pause?.ToContract(),
    };

    /// <summary>The pause that is asked for; null: the schedule is to be resumed.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field.</exception>
    public static SchedulePause? ToDomain(Contract.PauseScheduleRequest request, string caller, DateTimeOffset now)
    {
        if (!request.HasPaused)
            throw MaintenanceException.InvalidArgument("paused", "is required: true to pause, false to resume");
        if (!request.Paused && request.PauseUntil is not null)
            throw MaintenanceException.InvalidArgument("pause_until", "is set, and paused is false; leave it out to resume");
        if (!request.Paused && request.Reason.Length > 0)
            throw MaintenanceException.InvalidArgument("reason", "is set, and paused is false; leave it out to resume");
        DateTimeOffset? until = request.PauseUntil is null ? null : Requests.ToMoment("pause_until", request.PauseUntil);
        return request.Paused ? new SchedulePause(now, caller, request.Reason, until) : null;
    }

    public static Contract.IntegrityCheckResult ToContract(this IntegrityCheckResult check) => new()
    {
        Full = check.Depth == IntegrityDepth.Full,
        FinishTime = check.FinishedAt.ToTimestamp(),
        Duration = check.Duration.ToDuration(),
        Problems = { check.Problems },
    };

    private static Contract.SchedulePause ToContract(this SchedulePause pause) => new()
    {
        PauseTime = pause.At.ToTimestamp(),
        PausedBy = pause.By,
        Reason = pause.Reason,
        UntilTime = pause.Until?.ToTimestamp(),
    };

    private static Contract.ScheduleOutcome ToContract(ScheduleOutcome? outcome) => outcome switch
    {
        ScheduleOutcome.Running => Contract.ScheduleOutcome.Running,
        ScheduleOutcome.Succeeded => Contract.ScheduleOutcome.Succeeded,
        ScheduleOutcome.Failed => Contract.ScheduleOutcome.Failed,
        ScheduleOutcome.Cancelled => Contract.ScheduleOutcome.Cancelled,
        ScheduleOutcome.Interrupted => Contract.ScheduleOutcome.Interrupted,
        _ => Contract.ScheduleOutcome.Unspecified,
    };
}
