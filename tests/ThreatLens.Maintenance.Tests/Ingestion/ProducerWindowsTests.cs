using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Ingestion;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Ingestion;

public sealed class ProducerWindowsTests
{
    private const long MiB = 1024 * 1024;

    [Theory]
    [InlineData(1, 1, 32)]
    [InlineData(1, MiB, 16)]
    [InlineData(1, 16 * MiB, 2)]
    [InlineData(1, 100 * MiB, 2)]
    [InlineData(4, MiB, 4)]
    [InlineData(64, 128 * 1024, 2)]
    [InlineData(64, 1024, 32)]
    [InlineData(1000, 1024, 16)]
    public void Batches_are_as_many_as_fit_in_the_producers_share(int streams, long bytes, int expected)
    {
        var windows = Windows(32);
        for (var i = 0; i < streams; i++)
            windows.Enter();

        Assert.Equal(expected, windows.Batches(bytes));
    }

    [Fact]
    public void Batches_grow_again_when_others_leave_and_leaving_twice_counts_once()
    {
        var windows = Windows(32);
        using var one = windows.Enter();
        var other = windows.Enter();
        Assert.Equal(8, windows.Batches(MiB));

        other.Dispose();
        other.Dispose();

        Assert.Equal(16, windows.Batches(MiB));
    }

    [Fact]
    public void Batches_are_never_more_than_the_setting() => Assert.Equal(1, Windows(1).Batches(1));

    private static ProducerWindows Windows(int most) => new(Options.Create(new IngestOptions { MaxUnacknowledgedBatches = most, MaxQueuedBytes = 16 * MiB }));
}
