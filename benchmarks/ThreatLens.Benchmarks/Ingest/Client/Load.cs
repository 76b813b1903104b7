namespace ThreatLens.Benchmarks.Ingest.Client;

/// <summary>What the client is to do.</summary>
/// <param name="Address">Of the service.</param>
/// <param name="Producers">Streams at a time, each over a connection of its own.</param>
/// <param name="Batch">Samples a message.</param>
/// <param name="Rate">Samples a second of all producers together; 0: as fast as the service takes them.</param>
/// <param name="WarmUp">Seconds not counted.</param>
/// <param name="Seconds">Seconds counted.</param>
internal sealed record Load(string Address, int Producers, int Batch, double Rate, double WarmUp, double Seconds);

/// <summary>What the client saw in the seconds that count.</summary>
/// <param name="Samples">Samples acknowledged a second, by producer.</param>
/// <param name="P50">Median of milliseconds from sending to acknowledgement.</param>
/// <param name="P99">99th percentile of it.</param>
/// <param name="Max">The longest.</param>
/// <param name="InsideP50">Median of milliseconds from arrival to commit, as the service tells.</param>
/// <param name="InsideP99">99th percentile of it.</param>
/// <param name="Cpu">Processor seconds of the client, for each second.</param>
/// <param name="Stored">Samples acknowledged in all, also before and after those seconds.</param>
internal sealed record LoadResult(double[] Samples, double P50, double P99, double Max, double InsideP50, double InsideP99, double Cpu, long Stored)
{
    /// <summary>Samples acknowledged a second.</summary>
    public double Total => Samples.Sum();
}
