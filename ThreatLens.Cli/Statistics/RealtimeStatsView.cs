using Google.Protobuf.WellKnownTypes;
using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Statistics;

/// <summary>Real-time processing for people.</summary>
internal static class RealtimeStatsView
{
    public static IRenderable Of(GetRealtimeStatisticsResponse response)
    {
        var s = response.Statistics;
        return new Rows(
            new Text($"From {Words.Of(response.Window.StartTime)} to {Words.Of(response.Window.EndTime)} (UTC), {OriginText.Of(s.Origin)}:"),
            new Facts()
                .Add("Events", $"{Words.Number(s.Events)}, {Words.Number(s.EventsPerHour)} an hour")
                .Add("Processed in real time", $"{Words.Number(s.RealtimeProcessed)}, {Words.Number(s.RealtimeProcessedPerHour)} an hour")
                .Add("Waiting for a notification", Words.Number(s.PendingNotifications), s.PendingNotifications > 0 ? Styles.Attention : Styles.Plain)
                .Add("Notification unknown", s.UnknownNotifications > 0 ? Words.Number(s.UnknownNotifications) : string.Empty)
                .Add("Processing time", s.ProcessingTimes == 0 ? "no data" : $"mean {Words.Of(s.MeanProcessingTime)}, 95 % within {Words.Of(s.P95ProcessingTime)}, of {Words.Count(s.ProcessingTimes, "event", "events")}")
                .Add("Without one", $"{Words.Number(s.MissingProcessingTimes)}, and {Words.Number(s.InvalidProcessingTimes)} with junk")
                .Build(),
            response.Totals is { } totals ? Totals(totals) : new Text("All events: not counted yet.", Styles.Faint),
            response.Steps.Count > 0 ? Steps(response.Steps) : new Rows());
    }

    private static Text Totals(RealtimeTotals totals)
    {
        var processed = totals.HasRealtimeProcessed ? $", {Words.Number(totals.RealtimeProcessed)} processed in real time, {Words.Number(totals.PendingNotifications)} waiting for a notification" : string.Empty;
        return new Text($"In all {Words.Count(totals.Events, "event", "events")}{processed} ({OriginText.Of(totals.Origin)}).");
    }

    private static Table Steps(IEnumerable<RealtimeStep> steps)
    {
        var table = Screen.NewTable("From (UTC)", "Events", "Real time", "Waiting", "Mean", "95 %", "Junk times");
        table.Columns[0].NoWrap();
        foreach (var column in table.Columns.Skip(1))
            column.RightAligned().NoWrap();
        foreach (var step in steps)
        {
            var s = step.Statistics;
            table.AddRow(
                new Text(Words.Of(step.Range.StartTime)), new Text(Words.Number(s.Events)), new Text(Words.Number(s.RealtimeProcessed)), new Text(Words.Number(s.PendingNotifications)),
                new Text(Time(s.MeanProcessingTime)), new Text(Time(s.P95ProcessingTime)), new Text(Words.Number(s.InvalidProcessingTimes)));
        }

        return table;
    }

    private static string Time(Duration? duration) => duration is null ? "-" : Words.Of(duration);
}
