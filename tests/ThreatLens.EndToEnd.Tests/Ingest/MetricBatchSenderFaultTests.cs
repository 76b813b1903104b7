using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>The stream breaks, the service forgets, another one sends under the same id: each batch is stored once.</summary>
public sealed class MetricBatchSenderFaultTests
{
    [Theory]
    [InlineData(Fault.CutBeforeCommit)]
    [InlineData(Fault.CutAfterCommit)]
    [InlineData(Fault.UnavailableBeforeCommit)]
    [InlineData(Fault.EndAfterCommit)]
    public async Task RunAsync_stream_breaks_every_tenth_batch_each_is_stored_once(Fault fault)
    {
        await using var server = await FakeIngestServer.StartAsync();
        var broken = new HashSet<long>();
        server.NextFault = batch => batch.Sequence % 10 == 0 && broken.Add(batch.Sequence) ? fault : Fault.None;
        using var run = new BatchSenderRun(server);

        await run.Sender.RunAsync(_ => BatchSenderRun.Numbered(0, 100), TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 100), BatchSenderRun.Stored(server));
        Assert.InRange(run.Sender.State.Reconnects, fault == Fault.EndAfterCommit ? 1 : 10, 20);
        Assert.NotNull(run.Sender.State.LastError);
    }

    [Theory]
    [MemberData(nameof(FaultSeeds.All), MemberType = typeof(FaultSeeds))]
    public async Task RunAsync_random_faults_and_restarts_each_batch_is_stored_once(int seed)
    {
        await using var server = await FakeIngestServer.StartAsync();
        var random = new Random(seed);
        server.NextFault = _ =>
        {
            lock (random)
                return random.NextDouble() < 0.05 ? (Fault)random.Next(1, 5) : Fault.None;
        };
        using var run = new BatchSenderRun(server);
        var running = run.Sender.RunAsync(_ => BatchSenderRun.Numbered(0, 500), TestContext.Current.CancellationToken);
        for (var restart = 1; restart <= 3; restart++)
        {
            var until = restart * 100;
            await Eventually.True(() => server.Store.Batches.Count >= until);
            await server.StopAsync();
            await server.StartAgainAsync();
        }
        await running;

        Assert.Equal(Enumerable.Range(0, 500), BatchSenderRun.Stored(server));
    }

    [Fact]
    public async Task RunAsync_database_was_restored_starts_over_from_the_services_number()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var run = new BatchSenderRun(server);
        var more = new SemaphoreSlim(0);
        var starts = new List<long>();
        var running = run.Sender.RunAsync(welcome => Source(welcome), TestContext.Current.CancellationToken);
        await Eventually.Equal(50, () => server.Store.Batches.Count);

        await server.StopAsync();
        server.Store.RestoreTo(BatchSenderRun.Producer, 20);
        await server.StartAgainAsync();
        await Eventually.Equal(50, () => server.Store.Batches.Count);
        more.Release();
        await running;

        Assert.Equal([0, 20], starts);
        Assert.Equal(Enumerable.Range(0, 60), BatchSenderRun.Stored(server));
        Assert.Equal(60, server.Store.LastSequence(BatchSenderRun.Producer));

        async IAsyncEnumerable<MetricBatch> Source(Welcome welcome, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            starts.Add(welcome.LastSequence);
            await foreach (var batch in BatchSenderRun.Numbered((int)welcome.LastSequence, 50 - (int)welcome.LastSequence, cancellationToken))
                yield return batch;
            await more.WaitAsync(cancellationToken);
            await foreach (var batch in BatchSenderRun.Numbered(50, 10, cancellationToken))
                yield return batch;
        }
    }

    [Fact]
    public async Task RunAsync_service_has_forgotten_the_producer_says_so()
    {
        await using var server = await FakeIngestServer.StartAsync();
        var log = new RecordedLog<MetricBatchSender>();
        using var run = new BatchSenderRun(server, log: log);
        var more = new SemaphoreSlim(0);
        var running = run.Sender.RunAsync(_ => Source(), TestContext.Current.CancellationToken);
        await Eventually.Equal(5, () => run.Sender.State.LastAcknowledged);
        await server.StopAsync();
        server.Store.RestoreTo(BatchSenderRun.Producer, 0);
        await server.StartAgainAsync();
        await Eventually.Equal(5, () => server.Store.Batches.Count);
        more.Release();
        await running;

        Assert.Equal(1, log.Count("Warning: Producer " + BatchSenderRun.Producer + " has sent before, and the service knows nothing of it"));

        async IAsyncEnumerable<MetricBatch> Source([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var batch in BatchSenderRun.Numbered(0, 5, cancellationToken))
                yield return batch;
            await more.WaitAsync(cancellationToken);
        }
    }

    [Fact]
    public async Task RunAsync_two_senders_with_one_id_each_sees_it_and_nothing_is_doubled()
    {
        await using var server = await FakeIngestServer.StartAsync();
        // The first is on a clock of its own, which says when it comes back: it would take the id from the second before that is done.
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var first = new BatchSenderRun(server, time: time);
        using var second = new BatchSenderRun(server);
        var running = first.Sender.RunAsync(welcome => Held(welcome), TestContext.Current.CancellationToken);
        await Eventually.Equal(10, () => server.Store.Batches.Count);

        await second.Sender.RunAsync(welcome => BatchSenderRun.Numbered((int)welcome.LastSequence, 10), TestContext.Current.CancellationToken);
        await Eventually.True(() => first.Sender.State.LastError?.Contains("PRODUCER_REPLACED", StringComparison.Ordinal) == true);
        await Eventually.True(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(200));
            return running.IsCompleted;
        });
        await running;

        Assert.Equal(Enumerable.Range(0, 30), BatchSenderRun.Stored(server));

        static async IAsyncEnumerable<MetricBatch> Held(Welcome welcome, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var batch in BatchSenderRun.Numbered((int)welcome.LastSequence, 10, cancellationToken))
                yield return batch;
            if (welcome.LastSequence == 0)
                await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
