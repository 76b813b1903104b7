using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Statistics;

/// <summary>Notifications for people.</summary>
internal static class NotificationMetricsView
{
    /// <param name="response">The answer.</param>
    /// <param name="request">What was asked: an answer without entries says of what there are none.</param>
    public static IRenderable Of(GetNotificationMetricsResponse response, GetNotificationMetricsRequest request)
    {
        var window = $"{Words.Of(response.Window.StartTime)} to {Words.Of(response.Window.EndTime)} (UTC)";
        return new Rows(
            response.Metrics.Count == 0 ? new Text($"There are no notifications{Filters.Of(("channel", request.Channel), ("type", request.NotificationType))} from {window}.") : Table(response),
            new Text($"{OriginText.Of(response.Origin)}; {Words.Number(response.Undated)} without a readable time are in no window.", Styles.Faint),
            response.AllTime is { } all
                ? new Text($"In all {Words.Number(all.Sent)} sent, {Words.Number(all.Failed)} failed, {Words.Number(all.Pending)} pending, success {Rate(all)} ({OriginText.Of(response.AllTimeOrigin)}).")
                : new Text("All notifications: not counted yet.", Styles.Faint));
    }

    private static Table Table(GetNotificationMetricsResponse response)
    {
        var table = Screen.NewTable("Channel", "Type", "Sent", "Failed", "Pending", "Other", "Success");
        foreach (var column in table.Columns.Skip(2))
            column.RightAligned().NoWrap();
        foreach (var metric in response.Metrics)
            Add(table, Safe.Text(metric.Channel), Safe.Text(metric.NotificationType), metric);
        if (response.Metrics.Count > 1)
            Add(table, "all", string.Empty, response.Total);
        return table;
    }

    private static void Add(Table table, string channel, string type, NotificationMetric metric) => table.AddRow(
        new Text(channel), new Text(type), new Text(Words.Number(metric.Sent)), new Text(Words.Number(metric.Failed), metric.Failed > 0 ? Styles.Attention : Styles.Plain),
        new Text(Words.Number(metric.Pending)), new Text(Words.Number(metric.Other)), new Text(Rate(metric)));

    private static string Rate(NotificationMetric metric) => metric.HasSuccessRate ? FormattableString.Invariant($"{metric.SuccessRate * 100:0.##} %") : "no data";
}
