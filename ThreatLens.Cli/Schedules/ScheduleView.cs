using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Schedules;

/// <summary>Schedules, and the checks that they run, for people.</summary>
internal static class ScheduleView
{
    public static IRenderable Table(IReadOnlyCollection<Schedule> schedules)
    {
        var table = Screen.NewTable("Schedule", "Cron", "Next (UTC)", "Last (UTC)", "Outcome", "Missed");
        table.Columns[0].NoWrap();
        table.Columns[5].RightAligned();
        foreach (var schedule in schedules)
            table.AddRow(
                new Text(Safe.Text(schedule.Name)), new Text(Safe.Text(Times(schedule))), new Text(Safe.Text(Next(schedule))), new Text(Words.Of(schedule.LastTime)),
                Outcome(schedule), new Text(Words.Number(schedule.MissedRuns)));
        return new Rows([table, .. schedules.SelectMany(Notes)]);
    }

    public static IRenderable Paused(Schedule? schedule) => new Text(
        schedule?.Pause is not { } pause ? $"Schedule {Safe.Text(schedule?.Name ?? string.Empty)} is not paused."
        : $"Schedule {Safe.Text(schedule.Name)} is paused {Until(pause)}.",
        Styles.Good);

    public static IRenderable Of(IntegrityCheckResult check) => check.Problems.Count == 0
        ? new Text($"{(check.Full ? "integrity_check" : "quick_check")} found nothing in {Words.Of(check.Duration)}.", Styles.Good)
        : new Rows([new Text($"{InShort(check)}:", Styles.Bad), .. check.Problems.Select(problem => new Text($"  {Safe.Text(problem)}"))]);

    public static string InShort(IntegrityCheckResult check) => check.Problems.Count == 0 ? "nothing found" : $"{Words.Count(check.Problems.Count, "problem", "problems")} found";

    private static string Times(Schedule schedule) =>
        $"{schedule.Cron}{(schedule.TimeZone == "UTC" ? string.Empty : $" {schedule.TimeZone}")}{(schedule.Window.Length > 0 ? $" within {schedule.Window}" : string.Empty)}";

    private static string Next(Schedule schedule) => !schedule.Enabled ? "off" : schedule.NextTime is null ? schedule.Paused ? "paused" : "never" : Words.Of(schedule.NextTime);

    private static Text Outcome(Schedule schedule) => schedule.LastOutcome switch
    {
        ScheduleOutcome.Unspecified => new Text(string.Empty),
        ScheduleOutcome.Succeeded when schedule.LastDetail.Length == 0 => new Text("succeeded", Styles.Good),
        ScheduleOutcome.Running => new Text("running"),
        var outcome => new Text(Names.Of(outcome), Styles.Bad),
    };

    private static IEnumerable<IRenderable> Notes(Schedule schedule)
    {
        if (schedule.Pause is { } pause)
            yield return new Text($"{Safe.Text(schedule.Name)}: paused {Until(pause)}, by {Safe.Text(pause.PausedBy)}{(pause.Reason.Length > 0 ? $": {Safe.Text(pause.Reason)}" : string.Empty)}");
        if (schedule.Waiting.Length > 0)
            yield return new Text($"{Safe.Text(schedule.Name)}: waits {Safe.Text(schedule.Waiting)}");
        if (schedule.LastDetail.Length > 0)
            yield return new Text($"{Safe.Text(schedule.Name)}: {Safe.Text(schedule.LastDetail)} (operation {schedule.LastOperationId})");
        if (schedule.LastMissedTime is { } missed)
            yield return new Text($"{Safe.Text(schedule.Name)}: missed {Words.Of(missed)}: {Safe.Text(schedule.LastMissedReason)}");
    }

    private static string Until(SchedulePause pause) => pause.UntilTime is null ? "until it is resumed" : $"until {Words.Of(pause.UntilTime)}";
}
