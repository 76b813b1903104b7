using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

/// <summary>A service that takes batches and acknowledges none: what the sender keeps, and what becomes of the rest.</summary>
public sealed class BufferBoundTests
{
    [Fact]
    public async Task Add_buffer_is_full_drops_the_newest_and_counts_them()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.NextFault = _ => Fault.Silence;
        await using var run = new SenderRun(server, settings => settings.MaxBufferedSamples = 100);

        var taken = run.Add(0, 250);

        Assert.Equal(Enumerable.Range(0, 100), taken);
        Assert.Equal((250, 150, 100), (run.Sender.State.Added, run.Sender.State.Dropped, run.Sender.State.Unacknowledged));
        await RecoverAsync(server);
        await run.Sender.FlushAsync();
        Assert.Equal((100, 150), (run.Sender.State.Acknowledged, run.Sender.State.Dropped));
        Assert.Equal(taken, SenderRun.Stored(server));
        Assert.Single(run.Add(250, 1));
        await run.Sender.StopAsync();
        Assert.Equal(150, run.Dropped[DropReason.BufferFull]);
    }

    [Fact]
    public async Task Add_buffer_is_full_drops_the_oldest_that_are_not_under_way()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.NextFault = _ => Fault.Silence;
        server.Window = 1;
        await using var run = new SenderRun(server, settings =>
            (settings.MaxBufferedSamples, settings.MaxBatchSamples, settings.MaxBatchAge, settings.WhenFull) =
                (100, 10, TimeSpan.FromMinutes(1), MetricBufferFullMode.DropOldest));
        run.Add(0, 10);
        await Eventually.Equal(1, () => run.Sender.State.UnacknowledgedBatches);

        Assert.Equal(240, run.Add(10, 240).Count);

        Assert.Equal((250, 150, 100), (run.Sender.State.Added, run.Sender.State.Dropped, run.Sender.State.Unacknowledged));
        await RecoverAsync(server);
        await run.Sender.FlushAsync();
        Assert.Equal(Enumerable.Range(0, 10).Concat(Enumerable.Range(160, 90)), SenderRun.Stored(server));
        await run.Sender.StopAsync();
        Assert.Equal(150, run.Dropped[DropReason.BufferFull]);
    }

    [Fact]
    public async Task Add_buffer_is_full_waits_when_told_to()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.NextFault = _ => Fault.Silence;
        await using var run = new SenderRun(server, settings => (settings.MaxBufferedSamples, settings.WhenFull) = (100, MetricBufferFullMode.Wait));
        var adding = Task.Factory.StartNew(() => run.Add(0, 250), TaskCreationOptions.LongRunning);

        await Eventually.Equal(100, () => run.Sender.State.Unacknowledged);
        await RecoverAsync(server);

        Assert.Equal(250, (await adding).Count);
        await run.Sender.FlushAsync();
        Assert.Equal(Enumerable.Range(0, 250), SenderRun.Stored(server));
        Assert.Equal(0, run.Sender.State.Dropped);
    }

    [Fact]
    public async Task AddAsync_buffer_is_full_waits_until_given_up_and_adds_nothing_then()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.NextFault = _ => Fault.Silence;
        await using var run = new SenderRun(server, settings => settings.MaxBufferedSamples = 100);
        run.Add(0, 100);
        using var giveUp = new CancellationTokenSource();

        var givenUp = run.Sender.AddAsync(SenderRun.Producer, "n", 100, cancellationToken: giveUp.Token);
        Assert.False(givenUp.IsCompleted);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await givenUp);
        var patient = run.Sender.AddAsync(SenderRun.Producer, "n", 101);
        await RecoverAsync(server);
        await patient;

        await run.Sender.FlushAsync();
        Assert.Equal([.. Enumerable.Range(0, 100), 101], SenderRun.Stored(server));
        Assert.Equal((101, 0), (run.Sender.State.Added, run.Sender.State.Dropped));
    }

    [Fact]
    public async Task Add_large_samples_are_bounded_by_their_bytes()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.NextFault = _ => Fault.Silence;
        await using var run = new SenderRun(server, settings => settings.MaxBufferedBytes = 1024 * 1024);
        var taken = 0;
        while (run.Sender.Add("a", "b", taken, metadata: new string('x', 50_000)))
            taken++;

        // Counted twice over, as text lies in memory.
        Assert.Equal(10, taken);
        await RecoverAsync(server);
        await run.Sender.FlushAsync();
        Assert.Equal(Enumerable.Range(0, taken), SenderRun.Stored(server));
    }

    private static async Task RecoverAsync(FakeIngestServer server)
    {
        server.NextFault = _ => Fault.None;
        await server.StopAsync();
        await server.StartAgainAsync();
    }
}
