using System.Diagnostics;
using System.Diagnostics.Metrics;
using ThreatLens.Ingest.Sample.Measuring;

namespace ThreatLens.Ingest.Sample;

/// <summary>Spans and counters of the sample; service defaults export every source and meter called ThreatLens.*.</summary>
internal static class IngestTelemetry
{
    private const string Name = "ThreatLens.Ingest";
    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Lines = Meter.CreateCounter<long>("threatlens.ingest.lines", "{line}", "Lines measured.");
    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>("threatlens.ingest.bytes", "By", "Bytes of those lines.");
    private static readonly Counter<long> ParseErrors = Meter.CreateCounter<long>("threatlens.ingest.parse_errors", "{line}", "Lines of no known format.");

    /// <summary>A span per measurement of all sources.</summary>
    public static ActivitySource Source { get; } = new(Name);

    public static void Count(string source, LineMeasurement lines)
    {
        var tag = new KeyValuePair<string, object?>("threatlens.source", source);
        Lines.Add(lines.Lines, tag);
        Bytes.Add(lines.Bytes, tag);
        ParseErrors.Add(lines.ParseErrors, tag);
    }
}
