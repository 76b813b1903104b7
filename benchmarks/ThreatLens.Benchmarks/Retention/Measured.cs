namespace ThreatLens.Benchmarks.Retention;

/// <summary>Who deletes.</summary>
internal enum Contestant
{
    /// <summary>Nobody: the writer alone.</summary>
    Nothing,

    /// <summary>The service's Cleanup, as an operation, then its Optimize.</summary>
    Ours,

    /// <summary>One DELETE in the writers' order, then a VACUUM.</summary>
    OneDelete,

    /// <summary>Transactions of 5,000 rows, then of 1,000 pages, over another connection, as a program beside the service would.</summary>
    FixedChunks,
}

/// <summary>What batches of the writer took in one phase, milliseconds from when they were due to their commit.</summary>
internal sealed record Latencies(double P50, double P99, double Max)
{
    /// <param name="sorted">Milliseconds, in order; may be empty.</param>
    public static Latencies Of(List<double> sorted)
    {
        double At(double share) => sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];
        return new Latencies(At(0.5), At(0.99), At(1));
    }

    public static Latencies Median(IReadOnlyList<Latencies> runs) => new(Measured.Median(runs, r => r.P50), Measured.Median(runs, r => r.P99), Measured.Median(runs, r => r.Max));
}

/// <summary>What giving back the space of what was deleted took.</summary>
/// <param name="Seconds">How long.</param>
/// <param name="Writer">The writer's times meanwhile.</param>
/// <param name="OfVacuumed">Length of the file, with that of a freshly vacuumed copy as 1.</param>
internal sealed record SpaceMeasured(double Seconds, Latencies Writer, double OfVacuumed);

/// <summary>What one run, or the median of several, measured.</summary>
internal sealed record Measured(Contestant Contestant, int Rate, double DeletedPerSecond, Latencies Writer, double Refused, double WalPeakMebibytes, SpaceMeasured Space)
{
    public static Measured Median(IReadOnlyList<Measured> runs) => new(
        runs[0].Contestant, runs[0].Rate, Median(runs, r => r.DeletedPerSecond), Latencies.Median([.. runs.Select(r => r.Writer)]), Median(runs, r => r.Refused), Median(runs, r => r.WalPeakMebibytes),
        new SpaceMeasured(Median(runs, r => r.Space.Seconds), Latencies.Median([.. runs.Select(r => r.Space.Writer)]), Median(runs, r => r.Space.OfVacuumed)));

    public static double Median<T>(IReadOnlyList<T> runs, Func<T, double> value) => runs.Select(value).Order().ElementAt(runs.Count / 2);
}
