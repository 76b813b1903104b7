using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

/// <summary>Add and flush against a service that can be made to fail.</summary>
public sealed class MetricSenderTests
{
    [Fact]
    public async Task FlushAsync_everything_added_before_is_stored_in_order()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = new SenderRun(server, settings => (settings.MaxBatchSamples, settings.MaxBatchAge) = (100, TimeSpan.FromMinutes(1)));
        run.Add(0, 1050);

        var flush = await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 1050), SenderRun.Stored(server));
        Assert.Equal(Enumerable.Repeat(100, 10).Append(50), server.Store.Batches.Select(batch => batch.Samples.Count));
        Assert.True(flush.IsComplete);
        Assert.Equal((1050, 1050, 0), (run.Sender.State.Added, run.Sender.State.Acknowledged, run.Sender.State.Unacknowledged));
        Assert.Equal(SenderRun.Producer, server.LastHeaders!.GetValue("threatlens-caller"));
    }

    [Fact]
    public async Task FlushAsync_nothing_was_added_ends_at_once()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = new SenderRun(server);

        Assert.Equal(default, await run.Sender.FlushAsync());
    }

    [Fact]
    public async Task FlushAsync_given_up_goes_on_sending_and_each_is_stored_once()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.NextFault = _ => Fault.Silence;
        await using var run = new SenderRun(server);
        run.Add(0, 10);
        using var giveUp = new CancellationTokenSource();
        var given = run.Sender.FlushAsync(giveUp.Token);
        Assert.False(given.IsCompleted);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.Equal(10, run.Sender.State.Unacknowledged);
        server.NextFault = _ => Fault.None;
        await server.StopAsync();
        await server.StartAgainAsync();
        run.Add(10, 10);
        Assert.True((await run.Sender.FlushAsync()).IsComplete);
        Assert.Equal(Enumerable.Range(0, 20), SenderRun.Stored(server));
    }

    [Fact]
    public async Task Add_each_kind_of_value_arrives_as_it_was_given()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = new SenderRun(server);
        var at = new DateTimeOffset(2026, 11, 23, 15, 0, 0, 123, TimeSpan.FromHours(2));

        run.Sender.Add("a", "double", 0.1, at, """{"unit":"s"}""");
        run.Sender.Add("a", "long", 42L);
        run.Sender.Add("a", "json", """{"value": 1, "unit": "By"}""");
        await run.Sender.AddAsync("ü", "int", 7);
        await run.Sender.FlushAsync();

        var samples = server.Store.Batches.SelectMany(batch => batch.Samples).ToList();
        Assert.Equal(["0.1", "42", """{"value": 1, "unit": "By"}""", "7"], samples.Select(sample => sample.MetricValue));
        Assert.Equal(at, samples[0].Timestamp.ToDateTimeOffset());
        Assert.Equal("""{"unit":"s"}""", samples[0].MetricMetadata);
        Assert.All(samples, sample => Assert.NotNull(sample.Timestamp));
    }

    [Fact]
    public async Task Add_more_than_a_batch_may_weigh_makes_several()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = new SenderRun(server, settings => settings.MaxBatchBytes = 256 * 1024);
        for (var n = 0; n < 20; n++)
            run.Sender.Add("a", "b", n, metadata: new string('x', 60_000));

        await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 20), SenderRun.Stored(server));
        Assert.All(server.Store.Batches, batch => Assert.InRange(batch.CalculateSize(), 60_000, 256 * 1024));
    }

    [Fact]
    public async Task Add_from_many_threads_each_is_stored_once()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = new SenderRun(server);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() => run.Add(thread * 5000, 5000))));
        await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 40_000), SenderRun.Stored(server).Order());
    }

    [Theory]
    [InlineData(Fault.CutBeforeCommit)]
    [InlineData(Fault.CutAfterCommit)]
    [InlineData(Fault.UnavailableBeforeCommit)]
    [InlineData(Fault.EndAfterCommit)]
    public async Task Add_stream_breaks_every_tenth_batch_each_is_stored_once(Fault fault)
    {
        await using var server = await FakeIngestServer.StartAsync();
        var broken = new HashSet<long>();
        server.NextFault = batch => batch.Sequence % 10 == 0 && broken.Add(batch.Sequence) ? fault : Fault.None;
        await using var run = new SenderRun(server, settings => settings.MaxBatchSamples = 10);
        run.Add(0, 1000);

        var flush = await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 1000), SenderRun.Stored(server));
        Assert.True(flush.IsComplete, flush.ToString());
        // Not the flush's own count: full batches go out, and are acknowledged, before it is asked for.
        Assert.Equal((1000, 0), (run.Sender.State.Acknowledged, run.Sender.State.Unacknowledged));
        Assert.True(run.Sender.State.Reconnects > 0);
    }

    [Fact]
    public async Task Add_refused_samples_are_reported_and_the_rest_is_stored()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.Rejections = batch => batch.Samples.Select((sample, index) => (sample, index)).Where(entry => entry.sample.MetricValue == "3")
            .Select(entry => new Rejection { Entry = RejectedEntry.Sample, Index = entry.index, Field = "metric_value", Reason = "is three" });
        await using var run = new SenderRun(server, SenderRun.FullBatches(100));
        run.Add(0, 10);

        var flush = await run.Sender.FlushAsync();

        Assert.Equal((9, 1), (flush.Acknowledged, flush.Rejected));
        var rejected = Assert.Single(run.Rejected);
        Assert.Equal(("3", "metric_value", "is three"), (rejected.Sample.MetricValue, rejected.Field, rejected.Reason));
    }

    [Fact]
    public async Task Add_database_was_restored_what_is_not_stored_goes_out_under_new_numbers()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = new SenderRun(server, SenderRun.FullBatches(10));
        run.Add(0, 100);
        await run.Sender.FlushAsync();
        server.NextFault = _ => Fault.Silence;
        run.Add(100, 50);
        await Eventually.True(() => run.Sender.State.UnacknowledgedBatches > 0);

        await server.StopAsync();
        server.Store.RestoreTo(SenderRun.Producer, 4);
        server.NextFault = _ => Fault.None;
        await server.StartAgainAsync();
        var flush = await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 40).Concat(Enumerable.Range(100, 50)), SenderRun.Stored(server));
        Assert.Equal(0, flush.Dropped);
    }

    [Fact]
    public async Task Add_another_process_takes_the_id_over_what_is_in_doubt_is_reported_and_the_rest_is_stored()
    {
        await using var server = await FakeIngestServer.StartAsync();
        // On a clock of its own, which says when it comes back: it would take the id from the other one before that is done.
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var run = new SenderRun(server.Address, SenderRun.FullBatches(10), time);
        run.Add(0, 100);
        await run.Sender.FlushAsync();
        var arrived = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.NextFault = _ =>
        {
            arrived.TrySetResult(true);
            return Fault.Silence;
        };
        run.Add(100, 10);
        await Eventually.WithinLimitAsync(arrived.Task, "the batch in doubt");

        server.NextFault = _ => Fault.None;
        await using (var other = new SenderRun(server))
        {
            other.Add(1000, 10);
            await other.Sender.FlushAsync();
        }
        await Eventually.True(() => run.Sender.State.LastError?.Contains("PRODUCER_REPLACED", StringComparison.Ordinal) == true);
        run.Add(110, 10);
        var flushing = run.Sender.FlushAsync();
        await Eventually.True(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(200));
            return flushing.IsCompleted;
        });
        await flushing;
        await run.Sender.StopAsync();

        Assert.Equal([.. Enumerable.Range(0, 100), .. Enumerable.Range(1000, 10), .. Enumerable.Range(110, 10)], SenderRun.Stored(server));
        Assert.Equal(10, run.Dropped[DropReason.InDoubt]);
        Assert.Equal(0, run.Sender.State.Unacknowledged);
    }

    [Fact]
    public async Task StopAsync_service_is_away_what_is_dropped_is_reported()
    {
        await using var run = new SenderRun("http://127.0.0.1:1", settings => settings.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        run.Add(0, 70);

        await run.Sender.StopAsync();

        Assert.Equal(70, run.Dropped[DropReason.Shutdown]);
        Assert.Equal((70, 0), (run.Sender.State.Dropped, run.Sender.State.Unacknowledged));
        Assert.Throws<ObjectDisposedException>(() => run.Sender.Add("a", "b", 1));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => run.Sender.FlushAsync());
    }

    [Fact]
    public async Task DisposeAsync_service_takes_the_connection_and_never_answers_ends_and_reports_what_is_dropped()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var run = new SenderRun($"http://{silent.LocalEndpoint}", settings => settings.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        run.Add(0, 70);
        var flush = run.Sender.FlushAsync();
        using var connection = await silent.AcceptSocketAsync();
        Assert.Equal(MetricSenderConnection.Connecting, run.Sender.State.Connection);

        Assert.True(await Eventually.WithinLimitAsync(run.Sender.DisposeAsync().AsTask().ContinueWith(static t => t.IsCompletedSuccessfully, TaskScheduler.Default), "the end of the sender"));

        await Assert.ThrowsAsync<ObjectDisposedException>(() => flush);
        Assert.Equal(70, run.Dropped[DropReason.Shutdown]);
        Assert.Equal((70, 0), (run.Sender.State.Dropped, run.Sender.State.Unacknowledged));
    }

    [Fact]
    public async Task StopAsync_everything_is_stored_does_not_wait_for_a_connection()
    {
        await using var server = await FakeIngestServer.StartAsync();
        // The clock stands still: a stop that waited would never end.
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var run = new SenderRun(server.Address, time: time);
        run.Add(0, 70);
        await run.Sender.FlushAsync();
        await server.StopAsync();
        await Eventually.True(() => run.Sender.State.Connection != MetricSenderConnection.Connected);

        await run.DisposeAsync();

        Assert.Equal((70, 0), (run.Sender.State.Acknowledged, run.Sender.State.Dropped));
    }

    [Fact]
    public async Task StopAsync_sends_what_was_added_last()
    {
        await using var server = await FakeIngestServer.StartAsync();
        var run = new SenderRun(server, settings => settings.MaxBatchAge = TimeSpan.FromMinutes(1));
        run.Add(0, 70);

        await run.DisposeAsync();

        Assert.Equal(Enumerable.Range(0, 70), SenderRun.Stored(server));
        Assert.Empty(run.Dropped);
    }

    [Theory]
    [MemberData(nameof(FaultSeeds.All), MemberType = typeof(FaultSeeds))]
    public async Task Add_random_faults_and_restarts_each_is_stored_once(int seed)
    {
        await using var server = await FakeIngestServer.StartAsync();
        var random = new Random(seed);
        server.NextFault = _ =>
        {
            lock (random)
                return random.NextDouble() < 0.05 ? (Fault)random.Next(1, 5) : Fault.None;
        };
        await using var run = new SenderRun(server, settings => settings.MaxBatchSamples = 7);
        var adding = Task.Run(() => run.Add(0, 5000));
        for (var restart = 1; restart <= 3; restart++)
        {
            var until = restart * 100;
            await Eventually.True(() => server.Store.Batches.Count >= until);
            await server.StopAsync();
            await server.StartAgainAsync();
        }
        await adding;
        var flush = await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 5000), SenderRun.Stored(server));
        Assert.True(flush.IsComplete, flush.ToString());
        Assert.Equal(5000, run.Sender.State.Acknowledged);
    }
}
