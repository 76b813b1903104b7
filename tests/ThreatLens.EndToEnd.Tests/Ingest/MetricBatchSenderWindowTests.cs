using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>How much the sender takes from its source before it is acknowledged.</summary>
public sealed class MetricBatchSenderWindowTests
{
    [Fact]
    public async Task RunAsync_service_never_acknowledges_takes_no_more_than_the_window()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.NextFault = _ => Fault.Silence;
        using var run = new BatchSenderRun(server, window: 4);
        using var stop = new CancellationTokenSource();
        var taken = 0;
        var running = run.Sender.RunAsync(_ => Counted(), stop.Token);
        await Eventually.Equal(4, () => run.Sender.State.Unacknowledged);

        // The stream breaks and comes back: what is held stays the same.
        await server.StopAsync();
        await server.StartAgainAsync();
        await Eventually.True(() => server.Hellos >= 2 && run.Sender.State.Connection == MetricSenderConnection.Connected);
        Assert.Equal(4, run.Sender.State.Unacknowledged);
        Assert.Equal(4, Volatile.Read(ref taken));

        server.NextFault = _ => Fault.None;
        await server.StopAsync();
        await server.StartAgainAsync();
        await Eventually.True(() => server.Store.Batches.Count > 20);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        // Of one look: the service may still store what it has received.
        var contents = BatchSenderRun.Stored(server).ToList();
        Assert.Equal(Enumerable.Range(0, contents.Count), contents);

        async IAsyncEnumerable<MetricBatch> Counted()
        {
            await foreach (var batch in BatchSenderRun.Numbered(0, int.MaxValue))
            {
                Interlocked.Increment(ref taken);
                yield return batch;
            }
        }
    }

    [Fact]
    public async Task RunAsync_window_of_the_service_is_smaller_keeps_to_it()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.Window = 2;
        server.NextFault = _ => Fault.Silence;
        using var run = new BatchSenderRun(server, window: 100);
        using var stop = new CancellationTokenSource();
        var running = run.Sender.RunAsync(_ => BatchSenderRun.Numbered(0, 100), stop.Token);

        await Eventually.Equal(2, () => run.Sender.State.Unacknowledged);
        await Eventually.Equal(MetricSenderConnection.Connected, () => run.Sender.State.Connection);
        Assert.Equal(2, run.Sender.State.Unacknowledged);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task RunAsync_acknowledgement_makes_the_window_smaller_keeps_to_it()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.Window = 50;
        server.WindowAfterwards = 3;
        server.NextFault = batch => batch.Sequence > 100 ? Fault.Silence : Fault.None;
        using var run = new BatchSenderRun(server, window: 100);
        using var stop = new CancellationTokenSource();
        var running = run.Sender.RunAsync(_ => BatchSenderRun.Numbered(0, 1000), stop.Token);

        await Eventually.Equal(100, () => run.Sender.State.LastAcknowledged);
        await Eventually.Equal(3, () => run.Sender.State.Unacknowledged);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
