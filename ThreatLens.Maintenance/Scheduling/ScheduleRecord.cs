using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>How a run ended, or that it has not.</summary>
public enum ScheduleOutcome
{
    /// <summary>It runs.</summary>
    Running,

    /// <summary>All done.</summary>
    Succeeded,

    /// <summary>Ended by an error.</summary>
    Failed,

    /// <summary>Stopped at a safe point: on request, or because its window closed.</summary>
    Cancelled,

    /// <summary>The process that ran it ended first.</summary>
    Interrupted,
}

/// <summary>That a schedule is paused.</summary>
/// <param name="At">Since when, UTC.</param>
/// <param name="By">Who paused it.</param>
/// <param name="Reason">Why; empty when nobody said.</param>
/// <param name="Until">Until when, UTC; null: until somebody resumes it.</param>
public sealed record SchedulePause(DateTimeOffset At, string By, string Reason, DateTimeOffset? Until);

/// <summary>What is on record about a schedule.</summary>
public sealed record ScheduleRecord
{
    /// <summary>Up to when every due time is settled: run, missed, or skipped by a pause. UTC.</summary>
    public required DateTimeOffset SettledUntil { get; init; }

    /// <summary>The due time whose run has not ended yet; null: none.</summary>
    public DateTimeOffset? OpenDue { get; init; }

    /// <summary>The process that has it.</summary>
    public string? OpenProcess { get; init; }

    /// <summary>When the last run began, UTC; null: there was none.</summary>
    public DateTimeOffset? LastTime { get; init; }

    /// <summary>Its operation.</summary>
    public string? LastOperationId { get; init; }

    /// <summary>How it ended, as far as that was recorded here.</summary>
    public ScheduleOutcome? LastOutcome { get; init; }

    /// <summary>What is to be said of that; empty: nothing.</summary>
    public string LastDetail { get; init; } = "";

    /// <summary>Due times that no operation came of, since the schedule is known.</summary>
    public long MissedRuns { get; init; }

    /// <summary>The last one of them, UTC.</summary>
    public DateTimeOffset? LastMissedAt { get; init; }

    /// <summary>Why it was missed.</summary>
    public string LastMissedReason { get; init; } = "";

    /// <summary>The pause, which may be over; null: none.</summary>
    public SchedulePause? Pause { get; init; }

    /// <summary>The pause in force at a moment; null: none.</summary>
    /// <param name="moment">Any moment since the pause was set.</param>
    public SchedulePause? PauseAt(DateTimeOffset moment) => Pause is { } pause && (pause.Until is not { } until || until > moment) ? pause : null;
}

/// <summary>A schedule as it stands.</summary>
/// <param name="Schedule">As configured.</param>
/// <param name="Record">What is on record about it; null: nothing.</param>
/// <param name="NextRun">When it will run next, jitter not counted, UTC; null: not by itself.</param>
/// <param name="Pause">The pause in force; null: none.</param>
/// <param name="Waiting">What a run that is due waits for; empty: none waits.</param>
/// <param name="LastOutcome">How the last run ended; null: there was none.</param>
/// <param name="LastDetail">What is to be said of that; empty: nothing.</param>
public sealed record ScheduleStatus(
    Schedule Schedule, ScheduleRecord? Record, DateTimeOffset? NextRun, SchedulePause? Pause, string Waiting, ScheduleOutcome? LastOutcome, string LastDetail);

/// <summary>What PauseSchedule did. Written down with its operation, so only what must outlast the configuration.</summary>
/// <param name="Name">The schedule.</param>
/// <param name="Pause">The pause in force; null: resumed.</param>
public sealed record PausedSchedule(string Name, SchedulePause? Pause);

/// <summary>How an operation that a schedule ran stands.</summary>
internal static class ScheduledOperation
{
    public static ScheduleOutcome Outcome(Operation operation) => operation.State switch
    {
        OperationState.Succeeded => ScheduleOutcome.Succeeded,
        OperationState.Failed => ScheduleOutcome.Failed,
        OperationState.Cancelled => ScheduleOutcome.Cancelled,
        OperationState.Interrupted => ScheduleOutcome.Interrupted,
        _ => ScheduleOutcome.Running,
    };

    public static string Detail(Operation operation) => operation switch
    {
        { Failure: { } failure } => failure.Message,
        { Result: Integrity.IntegrityCheckResult { IsIntact: false } check } => $"{check.Problems.Count} problems found: {check.Problems[0]}",
        _ => "",
    };
}
