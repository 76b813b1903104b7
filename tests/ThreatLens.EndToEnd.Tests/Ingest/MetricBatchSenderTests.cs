using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>What the sender takes from its source and hands on of the service.</summary>
public sealed class MetricBatchSenderTests
{
    [Fact]
    public async Task RunAsync_source_ends_everything_is_acknowledged_in_order()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var run = new BatchSenderRun(server);

        await run.Sender.RunAsync(_ => BatchSenderRun.Numbered(0, 100), TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 100), BatchSenderRun.Stored(server));
        Assert.Equal(Enumerable.Range(1, 100).Select(n => (long)n), server.Store.Batches.Select(batch => batch.Sequence));
        Assert.Equal(0, run.Sender.State.Unacknowledged);
        Assert.Equal(100, run.Sender.State.LastAcknowledged);
        Assert.Equal(MetricSenderConnection.Stopped, run.Sender.State.Connection);
        Assert.Equal(BatchSenderRun.Producer, server.LastHeaders!.GetValue("threatlens-caller"));
    }

    [Fact]
    public async Task RunAsync_source_fails_says_so()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var run = new BatchSenderRun(server);

        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => run.Sender.RunAsync(_ => Failing(), TestContext.Current.CancellationToken));

        Assert.Equal("broken source", failure.Message);

        static async IAsyncEnumerable<MetricBatch> Failing()
        {
            await foreach (var batch in BatchSenderRun.Numbered(0, 3))
                yield return batch;
            throw new InvalidDataException("broken source");
        }
    }

    [Fact]
    public async Task RunAsync_rejections_are_handed_on_and_the_rest_goes_on()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.Rejections = batch => batch.Sequence == 3
            ? [new Rejection { Entry = RejectedEntry.Sample, Index = 0, Field = "metric_value", Reason = "not JSON" }]
            : [];
        using var run = new BatchSenderRun(server);
        var rejected = new List<RejectedEntries>();
        run.Sender.Rejected += rejected.Add;

        await run.Sender.RunAsync(_ => BatchSenderRun.Numbered(0, 5), TestContext.Current.CancellationToken);

        var entries = Assert.Single(rejected);
        Assert.Equal(3, entries.Batch.Sequence);
        Assert.Equal("not JSON", Assert.Single(entries.Rejections).Reason);
        Assert.Equal(1, run.Sender.State.Rejected);
        Assert.Equal(5, server.Store.LastSequence(BatchSenderRun.Producer));
    }

    [Fact]
    public async Task RunAsync_configuration_comes_with_the_welcome_and_with_every_change()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var run = new BatchSenderRun(server);
        using var stop = new CancellationTokenSource();
        var configurations = Channel.CreateUnbounded<IngestConfiguration>();
        run.Sender.ConfigurationReceived += configuration => configurations.Writer.TryWrite(configuration);
        var running = run.Sender.RunAsync(_ => BatchSenderRun.Numbered(0, 0), stop.Token);

        Assert.True((await configurations.Reader.ReadAsync(TestContext.Current.CancellationToken)).Monitoring.Enabled);
        await running;
        var again = run.Sender.RunAsync(_ => Waiting(stop.Token), stop.Token);
        await configurations.Reader.ReadAsync(TestContext.Current.CancellationToken);
        server.Configure(new IngestConfiguration { Monitoring = new MonitoringConfig { Enabled = false } });
        Assert.False((await configurations.Reader.ReadAsync(TestContext.Current.CancellationToken)).Monitoring.Enabled);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => again);

        static async IAsyncEnumerable<MetricBatch> Waiting([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            yield break;
        }
    }
}
