using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Scheduling;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>
/// Whether what is scheduled runs: due times that nothing came of, and last runs that failed. A failed run is at first a failed operation or backup, which has a
/// rule of its own; it is the schedule's affair once that one no longer tells of it and the schedule has not run since.
/// </summary>
internal sealed class ScheduleLook(ScheduleSet schedules, IOptions<HealthOptions> options)
{
    /// <summary>Looks at what is on record; schedules that are off or paused are left out.</summary>
    /// <param name="look">The report.</param>
    /// <param name="told">Operations with this id or a later one are told of by their own rules when they fail.</param>
    public (IReadOnlyList<HealthFigure> Figures, IReadOnlyList<HealthFinding> Findings) Look(HealthLook look, string told)
    {
        var records = look.Session is { } session ? ScheduleStore.Read(session) : [];
        var last = records.Count > 0 && look.HasTable("maintenance_operations") ? LastRuns(look) : [];
        var looked = schedules.All.Where(s => s.IsEnabled && records.TryGetValue(s.Name, out var record) && record.PauseAt(look.Now) is null).ToList();
        var missed = looked.Select(s => (s.Name, Why: Missed(s, records[s.Name], look.Now))).Where(s => s.Why is not null).ToList();
        var failed = looked.Where(s => IsFailed(records[s.Name], last.GetValueOrDefault(s.Name))).ToList();
        return (
            [
                HealthFigure.Count("schedules", schedules.All.Count(s => s.IsEnabled), "schedules"),
                HealthFigure.Count("schedules_missed", missed.Count, "schedules"),
                HealthFigure.Count("schedules_failed", failed.Count, "schedules"),
            ],
            [
                .. missed.Select(s => HealthRules.ScheduleMissed.Warn($"The schedule {s.Name} {s.Why}", s.Name, $"threatlens schedule run {s.Name}")),
                .. failed.Where(s => !IsTold(s.Name, last, told)).Select(s => Failed(s, records[s.Name])),
            ]);
    }

    /// <summary>Null: its last due time has been met, or is not over for long enough.</summary>
    private string? Missed(Schedule schedule, ScheduleRecord record, DateTimeOffset now)
    {
        if (record.LastMissedAt is { } missed && !(record.LastTime > missed))
            return FormattableString.Invariant($"was due {missed:yyyy-MM-dd HH:mm:ss} UTC and did not run: {record.LastMissedReason}.");
        // What is due is claimed at once, also where it then waits for its window: only when nobody did is it overdue.
        var met = record.LastTime > record.SettledUntil ? record.LastTime.Value : record.SettledUntil;
        return schedule.DueAfter(met) is { } due && due < now - options.Value.ScheduleGrace
            ? FormattableString.Invariant($"was due {due:yyyy-MM-dd HH:mm:ss} UTC, and nothing has come of it.")
            : null;
    }

    private static bool IsFailed(ScheduleRecord record, LastRun? last) =>
        (last?.State ?? record.LastOutcome?.ToString()) is nameof(ScheduleOutcome.Failed) or nameof(ScheduleOutcome.Interrupted);

    private static bool IsTold(string name, Dictionary<string, LastRun> last, string told)
    {
        if (last.GetValueOrDefault(name) is not { } run)
            return false;
        if (!run.HasSucceededSince)
            return string.CompareOrdinal(run.Id, told) >= 0;
        // Another operation of the kind has done the work since, unless several schedules share it: a quick check does not make up for a full one.
        return last.Values.Count(r => r.Kind == run.Kind) == 1;
    }

    private static HealthFinding Failed(Schedule schedule, ScheduleRecord record) => HealthRules.ScheduleFailed.Warn(
        FormattableString.Invariant($"The last run of the schedule {schedule.Name}, of {record.LastTime:yyyy-MM-dd HH:mm:ss} UTC, failed{(record.LastDetail.Length > 0 ? ": " + record.LastDetail : ".")}"),
        schedule.Name, $"threatlens schedule run {schedule.Name}");

    private static Dictionary<string, LastRun> LastRuns(HealthLook look) => look.Session!
        .Query(
            """
            SELECT s.name, o.id, o.kind, o.state,
                o.state IN ('Failed', 'Interrupted') AND EXISTS (SELECT 1 FROM maintenance_operations x WHERE x.state = 'Succeeded' AND x.id > o.id AND x.kind = o.kind)
            FROM maintenance_schedules s JOIN maintenance_operations o ON o.id = s.last_operation_id
            """,
            row => (Name: row.GetString(0), Run: new LastRun(row.GetString(1), row.GetString(2), row.GetString(3), row.GetBoolean(4))))
        .ToDictionary(r => r.Name, r => r.Run, StringComparer.Ordinal);

    /// <param name="Id">The operation.</param>
    /// <param name="Kind">Its kind.</param>
    /// <param name="State">How it stands.</param>
    /// <param name="HasSucceededSince">Whether it failed, and one of the kind has succeeded since.</param>
    private sealed record LastRun(string Id, string Kind, string State, bool HasSucceededSince);
}
