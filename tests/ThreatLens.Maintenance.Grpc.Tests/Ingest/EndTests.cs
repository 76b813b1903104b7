using System.Collections.Concurrent;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>The end of the service under load, orderly or not: what was acknowledged is there, exactly once.</summary>
public sealed class EndTests
{
    [Fact]
    public async Task Orderly_stop_ends_streams_with_a_reason_and_keeps_everything_acknowledged()
    {
        await using var service = await RunningService.StartAsync();
        using var silent = await Producer.HelloAsync(service, "silent");
        using var watch = service.Maintenance.HealthReport(new HealthReportRequest());
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        using var busy = await Producer.HelloAsync(service, "busy");
        using var over = new CancellationTokenSource();
        // A producer that keeps to what the welcome says.
        using var window = new SemaphoreSlim(busy.Welcome.MaxUnacknowledgedBatches);
        busy.OnAcknowledged = () => window.Release();
        var sending = SendAsync(busy, "busy-source", 1, over.Token, window);
        var reading = busy.FailsAsync(StatusCode.Unavailable, ErrorReasons.ShuttingDown);
        await Eventually.UntilAsync(() => service.Database.Scalar("SELECT count(*) FROM processing_metrics") is > 200L, "some load");

        // All are being read when the end comes: .NET's client forgets what nobody has read by the time the connection closes.
        var hearing = silent.FailsAsync(StatusCode.Unavailable, ErrorReasons.ShuttingDown);
        var watching = Expect.ErrorAsync(StatusCode.Unavailable, ErrorReasons.ShuttingDown, async () =>
        {
            while (await watch.ResponseStream.MoveNext(CancellationToken.None))
            {
            }
        });
        var stopping = service.Process.StopAsync();
        var (error, acknowledged) = await reading;
        await hearing;
        await watching;

        Assert.Equal(0, await stopping);
        Assert.NotNull(error.RetryDelay);
        await over.CancelAsync();
        await sending;
        AssertExactlyOnce(service, "busy-source", acknowledged.Max(a => a.Sequence));
    }

    [Fact]
    public async Task Kill_at_any_moment_loses_and_doubles_nothing_that_was_acknowledged()
    {
        const int Producers = 3;
        await using var service = await RunningService.StartAsync();
        var acknowledged = new ConcurrentDictionary<string, long>();
        for (var round = 0; round < Rounds.Count; round++)
        {
            using var over = new CancellationTokenSource();
            var load = Enumerable.Range(0, Producers).Select(i => LoadAsync(service, $"killed-{i}", acknowledged, over.Token)).ToList();
            var goal = Random.Shared.Next(20, 400);
            var before = acknowledged.Values.Sum();
            await Eventually.UntilAsync(() => acknowledged.Values.Sum() >= before + goal, "some acknowledged batches");

            await service.Process.KillAsync();
            await over.CancelAsync();
            await Task.WhenAll(load);
            await service.RestartAsync();
        }

        for (var i = 0; i < Producers; i++)
            AssertExactlyOnce(service, $"killed-{i}", acknowledged[$"killed-{i}"]);
        Assert.Equal("ok", service.Database.Scalar("PRAGMA integrity_check"));
    }

    /// <summary>Sends as fast as it may, goes on where the service says, and remembers what was acknowledged.</summary>
    private static async Task LoadAsync(RunningService service, string id, ConcurrentDictionary<string, long> acknowledged, CancellationToken over)
    {
        using var producer = await Producer.HelloAsync(service, id);
        // What was acknowledged is stored; more may be, when the kill fell between commit and acknowledgement.
        Assert.True(producer.Welcome.LastSequence >= acknowledged.GetValueOrDefault(id));
        var sending = SendAsync(producer, id, producer.Welcome.LastSequence + 1, over);
        try
        {
            while (true)
            {
                var acknowledgement = await producer.AcknowledgedAsync();
                Assert.False(acknowledgement.Duplicate);
                acknowledged[id] = acknowledgement.Sequence;
            }
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled)
        {
            // Killed.
        }

        await sending;
    }

    private static async Task SendAsync(Producer producer, string source, long first, CancellationToken over, SemaphoreSlim? window = null)
    {
        try
        {
            for (var sequence = first; !over.IsCancellationRequested; sequence++)
            {
                if (window is not null)
                    await window.WaitAsync(over);
                var batch = Producer.Batch(sequence, Enumerable.Range(0, 5).Select(i => Producer.Sample(source, $"m{i}", $"{sequence}")));
                batch.Sources.Add(new SourceReport { SourceName = source, Path = "/logs/" + source, Offset = sequence * 100, Status = LogSourceStatus.Active });
                await producer.SendAsync(batch);
            }
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or OperationCanceledException or IOException)
        {
            // The stream has ended; whoever reads it knows why.
        }
    }

    /// <summary>Five samples of every batch up to the last one stored, which is at least the last one acknowledged, and the position that goes with it.</summary>
    private static void AssertExactlyOnce(RunningService service, string source, long lastAcknowledged)
    {
        var stored = Assert.IsType<long>(service.Database.Scalar($"SELECT max(CAST(metric_value AS INTEGER)) FROM processing_metrics WHERE source_name = '{source}'"));
        Assert.InRange(stored, lastAcknowledged, long.MaxValue);
        Assert.Equal([$"{stored * 5}|{stored * 5}"], service.Database.Lines(
            $"SELECT count(*), count(DISTINCT metric_type || ' ' || metric_value) FROM processing_metrics WHERE source_name = '{source}'"));
        Assert.Equal(stored * 100, service.Database.Scalar($"SELECT position FROM maintenance_source_positions WHERE source_name = '{source}'"));
        Assert.Equal(stored * 100, service.Database.Scalar($"SELECT last_offset FROM log_sources WHERE source_name = '{source}'"));
    }
}
