using ThreatLens.Benchmarks.Ingest;

namespace ThreatLens.Benchmarks.Health;

/// <summary>What making a full report costs on the large database and on one of a hundredth of the rows, in turn; and what the background looks cost.</summary>
internal static class ReportPart
{
    private const int WarmUp = 300;

    public static void Run(HealthDatabase large, HealthDatabase small, int reports, IngestReport report)
    {
        using var largeHost = new HealthHost(large.Path);
        using var smallHost = new HealthHost(small.Path);
        foreach (var (host, database) in new[] { (largeHost, large), (smallHost, small) })
        {
            IngestReport.Tell($"background, {database.Metrics:#,0} metrics and {database.Events:#,0} events:");
            foreach (var (name, milliseconds) in host.TakeSamples())
                IngestReport.Tell($"  {name,-30} {milliseconds,10:0.0} ms");
        }

        var (ofLarge, ofSmall) = (new List<double>(), new List<double>());
        for (var i = -WarmUp; i < reports; i++)
        {
            var (one, other) = (largeHost.Report(), smallHost.Report());
            if (i < 0)
                continue;
            ofLarge.Add(one);
            ofSmall.Add(other);
        }

        foreach (var (name, times) in new[] { ("large", ofLarge), ("small", ofSmall) })
            IngestReport.Tell($"report, {name}: p50 {HealthHost.At(times, 0.5):0.00}, p90 {HealthHost.At(times, 0.9):0.00}, p99 {HealthHost.At(times, 0.99):0.00}, max {HealthHost.At(times, 1):0.00} ms");
        report.Below("full report on the large database, p99, ms", HealthHost.At(ofLarge, 0.99), 5);
        report.Below("its p50 / that on 1/100 of the rows", HealthHost.At(ofLarge, 0.5) / HealthHost.At(ofSmall, 0.5), 2);
        report.Below("its p99 / that on 1/100 of the rows", HealthHost.At(ofLarge, 0.99) / HealthHost.At(ofSmall, 0.99), 2);
    }
}
