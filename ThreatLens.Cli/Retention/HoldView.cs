using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Retention;

/// <summary>Holds for people.</summary>
internal static class HoldView
{
    public static IRenderable Table(IReadOnlyCollection<Hold> holds)
    {
        if (holds.Count == 0)
            return new Text("There are no holds.");
        var table = Screen.NewTable("Hold", "Pins", "Until (UTC)", "Since (UTC)", "By", "Why");
        table.Columns[0].NoWrap();
        foreach (var hold in holds)
            table.AddRow(
                new Text(hold.Id), new Text(Safe.Text(Of(hold.Target))), new Text(hold.ExpireTime is null ? "released" : Words.Of(hold.ExpireTime)),
                new Text(Words.Of(hold.CreateTime)), new Text(Safe.Text(hold.CreatedBy)), new Text(Safe.Text(hold.Reason)));
        return table;
    }

    public static IRenderable Of(CreateHoldPlan plan) => new Text($"Would pin {Words.Count(plan.Rows, "row", "rows")}.");

    public static IRenderable Of(ReleaseHoldPlan plan) => new Text($"Nothing would pin {Words.Count(plan.Rows, "row", "rows")} any more.");

    public static string Of(HoldTarget? target) => target?.TargetCase switch
    {
        HoldTarget.TargetOneofCase.SourceName => $"source {target.SourceName}",
        HoldTarget.TargetOneofCase.EventId => $"event {target.EventId}",
        HoldTarget.TargetOneofCase.TimeRange => $"{(target.TimeRange.StartTime is { } start ? Words.Of(start) : "the beginning")} to {Words.Of(target.TimeRange.EndTime)}",
        _ => string.Empty,
    };
}
