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

    [Fact]
    public void Held_one_writer_that_took_far_too_long_halves_the_next_slice_and_rests_before_it()
    {
        var pace = New();

        pace.Held(TimeSpan.Zero, (Target * 4) + TimeSpan.FromMilliseconds(1));

        Assert.Equal((50, Target), (pace.Size, pace.Pause));
        // Another one: longer; then the rests end by halves, as slices grow again.
        pace.Held(TimeSpan.Zero, Target * 5);
        Assert.Equal((25, Target * 2), (pace.Size, pace.Pause));
        pace.Held(TimeSpan.Zero);
        Assert.Equal((31, Target), (pace.Size, pace.Pause));
        pace.Held(TimeSpan.Zero);
        Assert.Equal((38, Target / 2), (pace.Size, pace.Pause));
    }

    [Theory]
    [InlineData(2, 125)]
    [InlineData(2.05, 100)]
    [InlineData(4, 100)]
    public void Held_writers_that_take_long_keep_slices_from_growing(double targets, int size)
    {
        var pace = New();

        pace.Held(TimeSpan.Zero, Target * targets);

        Assert.Equal((size, TimeSpan.FromMilliseconds(5)), (pace.Size, pace.Pause));
    }

    [Fact]
    public void Held_writers_that_always_take_far_too_long_end_at_the_smallest_slice_and_the_longest_rest()
    {
        var pace = New();

        for (var i = 0; i < 20; i++)
            pace.Held(TimeSpan.Zero, TimeSpan.FromSeconds(1));

        Assert.Equal((8, TimeSpan.FromMilliseconds(250)), (pace.Size, pace.Pause));
    }

    private static SlicePace New() => new(Target, TimeSpan.FromMilliseconds(5), first: 100, least: 8, most: 500);
}
