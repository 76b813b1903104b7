namespace ThreatLens.Benchmarks.Ingest;

/// <summary>One producer and 64 of them, in turn.</summary>
internal static class FairnessPart
{
    private const int Many = 64;

    public static async Task RunAsync(IngestPlan plan, IngestReport report)
    {
        var (ratios, slowest) = (new List<double>(), new List<double>());
        for (var round = 1; round <= plan.Rounds; round++)
        {
            var one = await ProducersAsync(plan, 1);
            var many = await ProducersAsync(plan, Many);
            var share = many.Samples.Min() / many.Samples.Average();
            IngestReport.Tell($"fairness, round {round}: 1 producer {one.Total:0} samples/s, {Many} producers {many.Total:0}; slowest {share:0.00} of the mean, fastest {many.Samples.Max() / many.Samples.Average():0.00}");
            ratios.Add(many.Total / one.Total);
            slowest.Add(share);
        }

        report.AtLeast($"{Many} producers together / one producer", IngestPlan.Median(ratios), 0.90);
        report.AtLeast($"slowest of {Many} producers / their mean", IngestPlan.Median(slowest), 0.50);
    }

    private static async Task<Client.LoadResult> ProducersAsync(IngestPlan plan, int producers)
    {
        await using var service = await ServiceRun.StartAsync(plan.Settings);
        await service.LoadAsync(producers: 1, IngestPlan.Batch, rate: 0, warmUp: 0, plan.WarmUp);
        var before = service.Cpu;
        var result = await service.LoadAsync(producers, IngestPlan.Batch, rate: 0, plan.WarmUp, plan.Seconds);
        IngestReport.Tell($"  {producers} producers, processor microseconds a sample: {service.CpuSince(before, result.Stored)}, client {result.Cpu * 1e6 / result.Total:0.0}; {service.Memory:0} MiB");
        return result;
    }
}
