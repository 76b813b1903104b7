using ThreatLens.Maintenance.Statistics.Processing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics.Processing;

public sealed class ValueSpreadTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(ValueSpread.MostExact)]
    public void Percentile_of_few_values_is_exact(int count)
    {
        var (spread, values) = Spread(count);

        foreach (var share in new[] { 0.001, 0.5, 0.95, 1 })
            Assert.Equal(Truth(values, share), spread.Percentile(share));
        Assert.Equal(0, spread.ErrorBound);
    }

    [Fact]
    public void Percentile_of_many_values_is_within_the_stated_bound()
    {
        var (spread, values) = Spread(ValueSpread.MostExact * 3);

        Assert.Equal(ValueSpread.BucketError, spread.ErrorBound);
        foreach (var share in new[] { 0.001, 0.01, 0.5, 0.95, 0.9999, 1 })
        {
            var truth = Truth(values, share);
            Assert.InRange(spread.Percentile(share)!.Value, truth * (1 - spread.ErrorBound) * (1 - 1e-9), truth * (1 + spread.ErrorBound) * (1 + 1e-9));
        }

        Assert.Equal(values.Average(), spread.Mean!.Value, 1e-6 * values.Average());
    }

    [Fact]
    public void Percentile_of_nothing_is_none()
    {
        Assert.Null(new ValueSpread().Percentile(0.95));
        Assert.Null(new ValueSpread().Mean);
    }

    [Fact]
    public void Percentile_of_many_zeros_is_zero()
    {
        var spread = new ValueSpread();
        for (var i = 0; i <= ValueSpread.MostExact; i++)
            spread.Add(0);

        Assert.Equal(0, spread.Percentile(0.95));
    }

    /// <summary>Over twelve orders of magnitude, in no order.</summary>
    private static (ValueSpread Spread, double[] Values) Spread(int count)
    {
        var random = new Random(20261101);
        var values = Enumerable.Range(0, count).Select(_ => Math.Pow(10, (random.NextDouble() * 12) - 6)).ToArray();
        var spread = new ValueSpread();
        foreach (var value in values)
            spread.Add(value);
        return (spread, values);
    }

    private static double Truth(double[] values, double share) => values.Order().ElementAt((int)Math.Ceiling(share * values.Length) - 1);
}
