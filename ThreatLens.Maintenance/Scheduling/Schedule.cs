using Quartz;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>One job with its times, as configured and checked. Immutable.</summary>
public sealed class Schedule
{
    /// <summary>Its name, such as <c>integrity-check</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, for people.</summary>
    public required string Description { get; init; }

    /// <summary>Whether it runs by itself.</summary>
    public required bool IsEnabled { get; init; }

    /// <summary>When, with the time zone that it is read in.</summary>
    public required CronExpression Cron { get; init; }

    /// <summary>When it may run; null: at any time.</summary>
    public MaintenanceWindow? Window { get; init; }

    /// <summary>Longest random delay.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>What becomes of runs that were due while the service did not run.</summary>
    public MissedRunPolicy MissedRuns { get; init; }

    /// <summary>Runs the job as an operation.</summary>
    public required Func<OperationRequest, CancellationToken, Task<Operation>> Run { get; init; }

    /// <summary>
    /// What its times are, to see whether they have been changed: then nothing that was due by the new ones before now has been missed.
    /// </summary>
    internal string Rhythm => IsEnabled ? $"{Cron.CronExpressionString} {Cron.TimeZone.Id}" : "off";

    /// <summary>When it is due next after a moment; null: never.</summary>
    /// <param name="moment">Any moment.</param>
    public DateTimeOffset? DueAfter(DateTimeOffset moment) => IsEnabled ? Cron.GetNextValidTimeAfter(moment) : null;

    /// <summary>When it was due last, up to a moment and including it; null: never.</summary>
    /// <param name="moment">Any moment.</param>
    public DateTimeOffset? DueUpTo(DateTimeOffset moment)
    {
        if (!IsEnabled)
            return null;
        // Expressions know whole seconds only.
        var due = Cron.GetPreviousValidTimeBefore(moment.AddSeconds(1));
        while (due > moment)
            due = Cron.GetPreviousValidTimeBefore(due.Value);
        return due;
    }

    /// <summary>When it will run next: due, within a window; jitter not counted. Null: never.</summary>
    /// <param name="moment">Any moment.</param>
    public DateTimeOffset? NextRun(DateTimeOffset moment) => DueAfter(moment) is { } due ? Window is null ? due : Window.OpenFrom(due) : null;

    /// <summary>A delay for the run of one due time: random, up to the jitter and half the time to the next run.</summary>
    internal TimeSpan Delay(DateTimeOffset due, Random random)
    {
        var gap = (DueAfter(due) - due) / 2 ?? Jitter;
        return random.NextDouble() * (gap < Jitter ? gap : Jitter);
    }
}
