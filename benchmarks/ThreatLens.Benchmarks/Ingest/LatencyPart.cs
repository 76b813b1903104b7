namespace ThreatLens.Benchmarks.Ingest;

/// <summary>From sending to acknowledgement at half of saturation.</summary>
internal static class LatencyPart
{
    /// <param name="plan">The run.</param>
    /// <param name="saturation">Samples a second that were reached in this run; 0: measured here.</param>
    /// <param name="report">Takes the figures.</param>
    public static async Task RunAsync(IngestPlan plan, double saturation, IngestReport report)
    {
        var (p50, p99) = (new List<double>(), new List<double>());
        for (var round = 1; round <= plan.Rounds; round++)
        {
            await using var service = await ServiceRun.StartAsync(plan.Settings);
            if (saturation == 0)
                saturation = (await service.LoadAsync(producers: 1, IngestPlan.Batch, rate: 0, plan.WarmUp, plan.Seconds)).Total;
            var result = await service.LoadAsync(producers: 1, IngestPlan.Batch, saturation / 2, plan.WarmUp, plan.Seconds * 2);
            IngestReport.Tell($"half of saturation, round {round}: {result.Total:0} samples/s, ack p50 {result.P50:0.0} ms, p99 {result.P99:0.0} ms, max {result.Max:0.0} ms (arrival to commit {result.InsideP50:0.0}, {result.InsideP99:0.0}); WAL {service.Wal:0} MiB");
            p50.Add(result.P50);
            p99.Add(result.P99);
        }

        report.Below("half of saturation: acknowledgement p50, ms", IngestPlan.Median(p50), 10);
        report.Below("half of saturation: acknowledgement p99, ms", IngestPlan.Median(p99), 30);
    }
}
