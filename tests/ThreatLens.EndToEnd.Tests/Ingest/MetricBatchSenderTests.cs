using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

public sealed class MetricBatchSenderTests
{
    private const string Producer = "tests";

    [Fact]
    public async Task RunAsync_source_ends_everything_is_acknowledged_in_order()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var run = new SenderRun(server);

        await run.Sender.RunAsync(_ => Numbered(0, 100), TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 100), Contents(server));
        Assert.Equal(Enumerable.Range(1, 100).Select(n => (long)n), server.Store.Batches.Select(batch => batch.Sequence));
        Assert.Equal(0, run.Sender.State.Unacknowledged);
        Assert.Equal(100, run.Sender.State.LastAcknowledged);
        Assert.Equal(MetricSenderConnection.Stopped, run.Sender.State.Connection);
        Assert.Equal(Producer, server.LastHeaders!.GetValue("threatlens-caller"));
    }

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
        using var run = new SenderRun(server);

        await run.Sender.RunAsync(_ => Numbered(0, 100), TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 100), Contents(server));
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
        using var run = new SenderRun(server);
        var running = run.Sender.RunAsync(_ => Numbered(0, 500), TestContext.Current.CancellationToken);
        for (var restart = 1; restart <= 3; restart++)
        {
            var until = restart * 100;
            await Eventually.True(() => server.Store.Batches.Count >= until);
            await server.StopAsync();
            await server.StartAgainAsync();
        }
        await running;

        Assert.Equal(Enumerable.Range(0, 500), Contents(server));
    }

    [Fact]
    public async Task RunAsync_service_never_acknowledges_takes_no_more_than_the_window()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.NextFault = _ => Fault.Silence;
        using var run = new SenderRun(server, window: 4);
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
        var contents = Contents(server).ToList();
        Assert.Equal(Enumerable.Range(0, contents.Count), contents);

        async IAsyncEnumerable<MetricBatch> Counted()
        {
            await foreach (var batch in Numbered(0, int.MaxValue))
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
        using var run = new SenderRun(server, window: 100);
        using var stop = new CancellationTokenSource();
        var running = run.Sender.RunAsync(_ => Numbered(0, 100), stop.Token);

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
        using var run = new SenderRun(server, window: 100);
        using var stop = new CancellationTokenSource();
        var running = run.Sender.RunAsync(_ => Numbered(0, 1000), stop.Token);

        await Eventually.Equal(100, () => run.Sender.State.LastAcknowledged);
        await Eventually.Equal(3, () => run.Sender.State.Unacknowledged);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task RunAsync_database_was_restored_starts_over_from_the_services_number()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var run = new SenderRun(server);
        var more = new SemaphoreSlim(0);
        var starts = new List<long>();
        var running = run.Sender.RunAsync(welcome => Source(welcome), TestContext.Current.CancellationToken);
        await Eventually.Equal(50, () => server.Store.Batches.Count);

        await server.StopAsync();
        server.Store.RestoreTo(Producer, 20);
        await server.StartAgainAsync();
        await Eventually.Equal(50, () => server.Store.Batches.Count);
        more.Release();
        await running;

        Assert.Equal([0, 20], starts);
        Assert.Equal(Enumerable.Range(0, 60), Contents(server));
        Assert.Equal(60, server.Store.LastSequence(Producer));

        async IAsyncEnumerable<MetricBatch> Source(Welcome welcome, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            starts.Add(welcome.LastSequence);
            await foreach (var batch in Numbered((int)welcome.LastSequence, 50 - (int)welcome.LastSequence, cancellationToken))
                yield return batch;
            await more.WaitAsync(cancellationToken);
            await foreach (var batch in Numbered(50, 10, cancellationToken))
                yield return batch;
        }
    }

    [Fact]
    public async Task RunAsync_service_has_forgotten_the_producer_says_so()
    {
        await using var server = await FakeIngestServer.StartAsync();
        var log = new RecordedLog<MetricBatchSender>();
        using var run = new SenderRun(server, log: log);
        var more = new SemaphoreSlim(0);
        var running = run.Sender.RunAsync(_ => Source(), TestContext.Current.CancellationToken);
        await Eventually.Equal(5, () => run.Sender.State.LastAcknowledged);
        await server.StopAsync();
        server.Store.RestoreTo(Producer, 0);
        await server.StartAgainAsync();
        await Eventually.Equal(5, () => server.Store.Batches.Count);
        more.Release();
        await running;

        Assert.Equal(1, log.Count("Warning: Producer " + Producer + " has sent before, and the service knows nothing of it"));

        async IAsyncEnumerable<MetricBatch> Source([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var batch in Numbered(0, 5, cancellationToken))
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
        using var first = new SenderRun(server, time: time);
        using var second = new SenderRun(server);
        var running = first.Sender.RunAsync(welcome => Held(welcome), TestContext.Current.CancellationToken);
        await Eventually.Equal(10, () => server.Store.Batches.Count);

        await second.Sender.RunAsync(welcome => Numbered((int)welcome.LastSequence, 10), TestContext.Current.CancellationToken);
        await Eventually.True(() => first.Sender.State.LastError?.Contains("PRODUCER_REPLACED", StringComparison.Ordinal) == true);
        await Eventually.True(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(200));
            return running.IsCompleted;
        });
        await running;

        Assert.Equal(Enumerable.Range(0, 30), Contents(server));

        static async IAsyncEnumerable<MetricBatch> Held(Welcome welcome, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var batch in Numbered((int)welcome.LastSequence, 10, cancellationToken))
                yield return batch;
            if (welcome.LastSequence == 0)
                await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    [Fact]
    public async Task RunAsync_rejections_are_handed_on_and_the_rest_goes_on()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.Rejections = batch => batch.Sequence == 3
            ? [new Rejection { Entry = RejectedEntry.Sample, Index = 0, Field = "metric_value", Reason = "not JSON" }]
            : [];
        using var run = new SenderRun(server);
        var rejected = new List<RejectedEntries>();
        run.Sender.Rejected += rejected.Add;

        await run.Sender.RunAsync(_ => Numbered(0, 5), TestContext.Current.CancellationToken);

        var entries = Assert.Single(rejected);
        Assert.Equal(3, entries.Batch.Sequence);
        Assert.Equal("not JSON", Assert.Single(entries.Rejections).Reason);
        Assert.Equal(1, run.Sender.State.Rejected);
        Assert.Equal(5, server.Store.LastSequence(Producer));
    }

    [Fact]
    public async Task RunAsync_configuration_comes_with_the_welcome_and_with_every_change()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var run = new SenderRun(server);
        using var stop = new CancellationTokenSource();
        var configurations = Channel.CreateUnbounded<IngestConfiguration>();
        run.Sender.ConfigurationReceived += configuration => configurations.Writer.TryWrite(configuration);
        var running = run.Sender.RunAsync(_ => Numbered(0, 0), stop.Token);

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

    [Fact]
    public async Task RunAsync_source_fails_says_so()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var run = new SenderRun(server);

        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => run.Sender.RunAsync(_ => Failing(), TestContext.Current.CancellationToken));

        Assert.Equal("broken source", failure.Message);

        static async IAsyncEnumerable<MetricBatch> Failing()
        {
            await foreach (var batch in Numbered(0, 3))
                yield return batch;
            throw new InvalidDataException("broken source");
        }
    }

    private static IEnumerable<int> Contents(FakeIngestServer server) =>
        server.Store.Batches.Select(batch => int.Parse(batch.Samples.Single().MetricValue, CultureInfo.InvariantCulture));

    private static async IAsyncEnumerable<MetricBatch> Numbered(
        int from, int count, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var n = from; n - from < count; n++)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return new MetricBatch
            {
                Samples = { new MetricSample { SourceName = "s", MetricType = "n", MetricValue = n.ToString(CultureInfo.InvariantCulture) } },
            };
        }
    }

    /// <summary>A sender on a channel of its own.</summary>
    private sealed class SenderRun : IDisposable
    {
        private readonly GrpcChannel _channel;

        public SenderRun(FakeIngestServer server, int window = 32, TimeProvider? time = null, RecordedLog<MetricBatchSender>? log = null)
        {
            (var client, _channel) = server.Connect();
            var options = new MetricBatchSenderOptions
            {
                ProducerId = Producer,
                MaxUnacknowledgedBatches = window,
                InitialReconnectDelay = TimeSpan.FromMilliseconds(1),
                MaxReconnectDelay = TimeSpan.FromMilliseconds(200),
            };
            Sender = new MetricBatchSender(client, options, time ?? TimeProvider.System, log ?? (ILogger<MetricBatchSender>)NullLogger<MetricBatchSender>.Instance);
        }

        public MetricBatchSender Sender { get; }

        public void Dispose() => _channel.Dispose();
    }
}
