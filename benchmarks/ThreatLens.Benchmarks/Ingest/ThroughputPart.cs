using ThreatLens.Benchmarks.Ingest.InProcess;

namespace ThreatLens.Benchmarks.Ingest;

/// <summary>Acknowledged samples a second at saturation, without and with rollups, beside the in-process contestants, in interleaved rounds.</summary>
internal static class ThroughputPart
{
    private const string NoRollups = "Maintenance__Ingest__Rollups=false";

    /// <returns>Saturation as the service is by default, samples a second.</returns>
    public static async Task<double> RunAsync(IngestPlan plan, string template, IngestReport report)
    {
        var (warmUp, duration) = (TimeSpan.FromSeconds(plan.WarmUp), TimeSpan.FromSeconds(plan.Seconds));
        IngestReport.Tell($"rows a second     service, no rollups   service, rollups    raw of {IngestPlan.Group}  row by row   EF Core");
        var rounds = new List<double[]>();
        for (var round = 1; round <= plan.Rounds; round++)
        {
            double[] measured =
            [
                await ServiceAsync(plan, [.. plan.Settings, NoRollups]),
                await ServiceAsync(plan, plan.Settings),
                Contestants.Raw(template, IngestPlan.Group, warmUp, duration),
                Contestants.RowByRow(template, warmUp / 4, duration / 4),
                Contestants.EfCore(template, warmUp, duration / 2),
            ];
            rounds.Add(measured);
            IngestReport.Tell($"round {round,2}      {measured[0],17:0}     {measured[1],17:0}   {measured[2],12:0}   {measured[3],9:0}   {measured[4],7:0}");
        }

        double Ratio(int of, int to) => IngestPlan.Median(rounds.Select(r => r[of] / r[to]));
        report.AtLeast("acknowledged samples, no rollups / raw writer", Ratio(0, 2), 0.90);
        report.AtLeast("acknowledged samples, rollups / raw writer", Ratio(1, 2), 0.80);
        report.AtLeast("acknowledged samples, rollups / one INSERT per row", Ratio(1, 3), 20);
        report.AtLeast("acknowledged samples, rollups / EF Core AddRange", Ratio(1, 4), 5);
        return IngestPlan.Median(rounds.Select(r => r[1]));
    }

    private static async Task<double> ServiceAsync(IngestPlan plan, IEnumerable<string> settings)
    {
        await using var service = await ServiceRun.StartAsync(settings);
        // The service compiles its code anew for speed while it warms up.
        await service.LoadAsync(producers: 1, IngestPlan.Batch, rate: 0, warmUp: 0, plan.WarmUp);
        var before = service.Cpu;
        var result = await service.LoadAsync(producers: 1, IngestPlan.Batch, rate: 0, warmUp: 0.5, plan.Seconds);
        // What the samples a second cannot say on a busy machine.
        IngestReport.Tell($"  processor microseconds a sample: {service.CpuSince(before, result.Stored)}, client {result.Cpu * 1e6 / result.Total:0.0}; WAL {service.Wal:0} MiB");
        return result.Total;
    }
}
