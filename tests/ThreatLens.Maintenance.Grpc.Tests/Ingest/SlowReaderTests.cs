using Grpc.Core;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>Producers that send and do not read what comes back.</summary>
public sealed class SlowReaderTests
{
    [Fact]
    public async Task Producer_that_does_not_read_is_told_so_and_loses_nothing()
    {
        const int Batches = 4;
        // The line that is waited for is the framework's.
        await using var service = await RunningService.StartAsync(environment: ["Maintenance__Ingest__MaxUnreadWait=00:00:03", "Logging__LogLevel__Grpc=Information"]);
        using var producer = await Producer.HelloAsync(service, "slow");
        await SendUntilEndedAsync(producer, Batches);
        await service.Process.Process.WaitForLineAsync(line =>
            line.Contains("has not read its acknowledgements", StringComparison.Ordinal) && line.Contains(nameof(StatusCode.ResourceExhausted), StringComparison.Ordinal));

        // Part of an acknowledgement is still under way: where the stream is reset before it has gone out, the reason is in the service's log only.
        var acknowledged = 0L;
        await Assert.ThrowsAsync<RpcException>(async () =>
        {
            for (; ; acknowledged++)
                await producer.AcknowledgedAsync();
        });

        Assert.InRange(acknowledged, 0, Batches - 1);
        // A patience that no reader exhausts, however slow the machine is.
        await service.RestartAsync(environment: "Maintenance__Ingest__MaxUnreadWait=00:10:00");
        using var again = await Producer.HelloAsync(service, "slow");
        Assert.InRange(again.Welcome.LastSequence, acknowledged, Batches);
        for (var sequence = 1; sequence <= Batches; sequence++)
            Assert.Equal(sequence <= again.Welcome.LastSequence, (await again.StoreAsync(Rejected(sequence))).Duplicate);
        Assert.Equal((long)Batches, service.Database.Scalar("SELECT count(*) FROM processing_metrics"));
    }

    /// <summary>A megabyte of rejections each, more than the connection holds unread: on a slow machine the stream ends before the last one is sent.</summary>
    private static async Task SendUntilEndedAsync(Producer producer, int batches)
    {
        try
        {
            for (var sequence = 1; sequence <= batches; sequence++)
                await producer.SendAsync(Rejected(sequence));
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // What ended it is read by the test.
        }
    }

    private static MetricBatch Rejected(long sequence) =>
        Producer.Batch(sequence, [Producer.Sample("slow-source"), .. Enumerable.Repeat(new MetricSample { SourceName = "slow-source", MetricType = "", MetricValue = "1" }, 9_999)]);
}
