using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Ingest.Sample.Measuring;

/// <summary>
/// The metrics of one source and interval. <c>metric_value</c> is <c>{"value": n, "unit": "..."}</c>. The line counts are in the metadata of
/// <c>lines_per_second</c> and of no other: summed over everything stored they are the lines of the file.
/// </summary>
internal static class MetricSamples
{
    /// <summary>Most samples that one source adds to a batch.</summary>
    public const int MostPerSource = 6;

    /// <summary>Makes the samples; error rate and latencies only where there were lines.</summary>
    /// <param name="source">Name of the source.</param>
    /// <param name="lines">What was measured.</param>
    /// <param name="waiting">Bytes in the file that are not measured yet.</param>
    /// <param name="end">End of the interval.</param>
    /// <param name="interval">Its length.</param>
    public static IEnumerable<MetricSample> Of(
        string source, LineMeasurement lines, long waiting, DateTimeOffset end, TimeSpan interval)
    {
        // A round that catches up can be over in no time at all; the rate is then one of a millisecond.
        var seconds = Math.Max(interval.TotalSeconds, 0.001);
        var timestamp = Timestamp.FromDateTimeOffset(end);
        var counts = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"lines":{{lines.Lines}},"bytes":{{lines.Bytes}},"parse_errors":{{lines.ParseErrors}},"interval_ms":{{interval.TotalMilliseconds:0.###}}}""");
        yield return Sample("lines_per_second", lines.Lines / seconds, "lines/s", counts);
        yield return Sample("bytes_per_second", lines.Bytes / seconds, "By/s");
        yield return Sample("queue_depth", waiting, "By");
        if (lines.Lines == 0)
            yield break;
        yield return Sample("parse_error_rate", (double)lines.ParseErrors / lines.Lines, "1");
        yield return Sample("processing_latency_p50_ms", lines.Latency.QuantileMilliseconds(0.5)!.Value, "ms");
        yield return Sample("processing_latency_p95_ms", lines.Latency.QuantileMilliseconds(0.95)!.Value, "ms");

        MetricSample Sample(string type, double value, string unit, string metadata = "") => new()
        {
            SourceName = source,
            MetricType = type,
            MetricValue = string.Create(CultureInfo.InvariantCulture, $$"""{"value":{{Math.Round(value, 6)}},"unit":"{{unit}}"}"""),
            Timestamp = timestamp,
            MetricMetadata = metadata,
        };
    }
}
