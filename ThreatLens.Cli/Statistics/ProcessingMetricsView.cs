using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Statistics;

/// <summary>Metrics for people.</summary>
internal static class ProcessingMetricsView
{
    /// <param name="response">The answer.</param>
    /// <param name="request">What was asked: an answer without entries says of what there are none.</param>
    public static IRenderable Of(GetProcessingMetricsResponse response, GetProcessingMetricsRequest request)
    {
        if (response.Metrics.Count == 0)
            return new Text($"There are no metrics{Filters.Of(("source", request.SourceName), ("type", request.MetricType))} from {Words.Of(response.Window.StartTime)} to {Words.Of(response.Window.EndTime)} (UTC).");
        return request.Resolution == MetricResolution.Raw ? Samples(response.Metrics) : Summaries(response.Metrics);
    }

    private static Table Samples(IEnumerable<ProcessingMetric> metrics)
    {
        var table = Screen.NewTable("Time (UTC)", "Source", "Type", "Value", "Metadata");
        table.Columns[0].NoWrap();
        foreach (var metric in metrics)
            table.AddRow(
                new Text(At(metric.Time, "yyyy-MM-dd HH:mm:ss.ffffff")), new Text(Safe.Text(metric.SourceName)), new Text(Safe.Text(metric.MetricType)),
                new Text(Safe.Text(metric.MetricValue)), new Text(Safe.Text(metric.MetricMetadata)));
        return table;
    }

    private static Table Summaries(IEnumerable<ProcessingMetric> metrics)
    {
        var table = Screen.NewTable("From (UTC)", "Source", "Type", "Count", "Min", "Mean", "Max", "Last", "Sum", "Not numeric");
        table.Columns[0].NoWrap();
        foreach (var column in table.Columns.Skip(3))
            column.RightAligned().NoWrap();
        foreach (var metric in metrics)
        {
            double[] values = [metric.Min, metric.Sum / metric.Count, metric.Max, metric.Last, metric.Sum];
            table.AddRow(
            [
                new Text(At(metric.Time, "yyyy-MM-dd HH:mm")), new Text(Safe.Text(metric.SourceName)), new Text(Safe.Text(metric.MetricType)), new Text(Words.Number(metric.Count)),
                .. values.Select(value => new Text(metric.Count == 0 ? "-" : Words.Number(value))), new Text(Words.Number(metric.NonNumericCount)),
            ]);
        }

        return table;
    }

    private static string At(Timestamp time, string format) => time.ToDateTimeOffset().ToString(format, CultureInfo.InvariantCulture);
}
