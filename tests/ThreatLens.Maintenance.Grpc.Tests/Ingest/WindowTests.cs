using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>How many batches a producer may have under way changes with the others and with what it sends.</summary>
public sealed class WindowTests
{
    [Fact]
    public async Task Window_shrinks_with_more_producers_and_larger_batches_and_grows_again()
    {
        await using var service = await RunningService.StartAsync();
        using var producer = await Producer.HelloAsync(service, "window");
        Assert.Equal(32, producer.Welcome.MaxUnacknowledgedBatches);
        Assert.Equal(32, (await producer.StoreAsync(Producer.Batch(1, Producer.Sample("window-source")))).MaxUnacknowledgedBatches);
        // 17 values of 60,000 characters, two bytes each, of 16 MiB.
        Assert.Equal(8, (await producer.StoreAsync(Large(2))).MaxUnacknowledgedBatches);
        var other = await Producer.HelloAsync(service, "window-other");
        Assert.Equal(4, (await producer.StoreAsync(Large(3))).MaxUnacknowledgedBatches);
        Assert.Equal(32, (await producer.StoreAsync(Producer.Batch(4, Producer.Sample("window-source")))).MaxUnacknowledgedBatches);

        await other.CompleteAsync();
        Assert.Empty(await other.EndsAsync());
        other.Dispose();

        Assert.Equal(8, (await producer.StoreAsync(Large(5))).MaxUnacknowledgedBatches);
    }

    private static MetricBatch Large(long sequence) =>
        Producer.Batch(sequence, Enumerable.Repeat(Producer.Sample("window-source", value: $"\"{new string('x', 60_000)}\""), 17));
}
