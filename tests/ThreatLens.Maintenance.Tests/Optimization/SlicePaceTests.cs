using ThreatLens.Maintenance.Optimization;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Optimization;

public sealed class SlicePaceTests
{
    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void Held_longer_than_wanted_shrinks_the_next_slice_at_once()
    {
        var pace = New();

        pace.Held(Target * 4);

        Assert.Equal(25, pace.Size);
        Assert.Equal(Target, pace.Pause);
    }

    [Fact]
    public void Held_shorter_than_wanted_grows_the_next_slice_slowly()
    {
        var pace = New();

        pace.Held(TimeSpan.Zero);

        Assert.Equal(125, pace.Size);
        Assert.Equal(TimeSpan.FromMilliseconds(5), pace.Pause);
    }

    [Theory]
    [InlineData(100_000, 8)]
    [InlineData(0, 500)]
    public void Held_always_alike_ends_at_a_limit(int milliseconds, int limit)
    {
        var pace = New();

        for (var i = 0; i < 100; i++)
            pace.Held(TimeSpan.FromMilliseconds(milliseconds));

        Assert.Equal(limit, pace.Size);
    }

    [Fact]
    public void Held_as_long_as_the_disk_takes_comes_to_the_size_that_takes_as_long_as_wanted()
    {
        var pace = New();

        // Twice the cost a unit, half the units.
        foreach (var perUnit in (double[])[0.1, 0.2])
        {
            for (var i = 0; i < 50; i++)
                pace.Held(TimeSpan.FromMilliseconds(pace.Size * perUnit));
            Assert.Equal(Target.TotalMilliseconds / perUnit, pace.Size, tolerance: 2);
        }
    }

    private static SlicePace New() => new(Target, TimeSpan.FromMilliseconds(5), first: 100, least: 8, most: 500);
}
