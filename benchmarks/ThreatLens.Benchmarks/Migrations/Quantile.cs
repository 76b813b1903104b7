namespace ThreatLens.Benchmarks.Migrations;

/// <summary>Order statistics.</summary>
internal static class Quantile
{
    public static double Median(IReadOnlyList<double> values) => Of(values, 0.5);

    /// <summary>The smallest value that at least this share of all does not exceed; for a median of an even count, the mean of the middle two.</summary>
    public static double Of(IReadOnlyList<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        var at = share * sorted.Length;
        var index = (int)Math.Ceiling(at) - 1;
        return at == Math.Floor(at) && share == 0.5 ? (sorted[index] + sorted[index + 1]) / 2 : sorted[Math.Max(index, 0)];
    }
}
