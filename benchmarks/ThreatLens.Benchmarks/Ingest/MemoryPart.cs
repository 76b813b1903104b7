namespace ThreatLens.Benchmarks.Ingest;

/// <summary>Resident memory of the service per million samples.</summary>
internal static class MemoryPart
{
    private const int SecondsALook = 1;
    private const int SecondsARun = 20;

    public static async Task RunAsync(IngestPlan plan, IngestReport report)
    {
        await using var service = await ServiceRun.StartAsync(plan.Settings);
        IngestReport.Tell($"memory: {service.Memory:0} MiB before the first sample");
        var (curve, samples, peak) = (new List<double>(), 0.0, 0.0);
        // Runs of some seconds, not one of many: what a run stored is known at its end.
        while (samples < plan.Millions * 1_000_000)
        {
            var running = service.LoadAsync(producers: 4, IngestPlan.Batch, rate: 0, warmUp: 0, SecondsARun);
            while (!running.IsCompleted)
            {
                peak = Math.Max(peak, service.Memory);
                await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(SecondsALook)));
            }

            samples += (await running).Stored;
            curve.Add(service.Memory);
            IngestReport.Tell($"memory: {samples / 1_000_000,5:0.0} million samples, {curve[^1],4:0} MiB (peak {peak:0}), WAL {service.Wal:0} MiB, {(await running).Total:0} samples/s");
        }

        report.Below($"memory of the service over {samples / 1_000_000:0} million samples, peak MiB", peak, 250);
        var middle = curve.Count / 2;
        if (middle > 1)
            report.Below("memory, mean of the second half / of the first", curve.Skip(middle).Average() / curve.Take(middle).Average(), 1.1);
    }
}
