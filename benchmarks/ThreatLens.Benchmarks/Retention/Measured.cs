namespace ThreatLens.Benchmarks.Retention;

/// <summary>Who deletes.</summary>
internal enum Contestant
{
    /// <summary>Nobody: the writer alone.</summary>
    Nothing,

    /// <summary>The service's Cleanup, as an operation.</summary>
    Ours,

    /// <summary>One DELETE in the writers' order, then a VACUUM.</summary>
    OneDelete,

    /// <summary>Transactions of 5,000 rows over another connection, as a program beside the service would.</summary>
    FixedChunks,
}

/// <summary>What one run, or the median of several, measured.</summary>
internal sealed record Measured(
    Contestant Contestant, int Rate, double DeletedPerSecond, double VacuumSeconds, double P50, double P99, double Max, double Refused, double WalPeakMebibytes)
{
    public static Measured Median(IReadOnlyList<Measured> runs)
    {
        double Of(Func<Measured, double> value) => runs.Select(value).Order().ElementAt(runs.Count / 2);
        return new Measured(
            runs[0].Contestant, runs[0].Rate, Of(r => r.DeletedPerSecond), Of(r => r.VacuumSeconds), Of(r => r.P50), Of(r => r.P99), Of(r => r.Max), Of(r => r.Refused), Of(r => r.WalPeakMebibytes));
    }
}
