using Grpc.Core;
using Grpc.Net.Client;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Connections;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.MainJob;

/// <summary>The service dies after a commit whose acknowledgement has not reached its producer.</summary>
public sealed class LostAcknowledgementTests
{
    [Fact]
    public async Task StreamMetrics_killed_between_commit_and_acknowledgement_stores_the_batch_once()
    {
        using var folder = new TemporaryFolder();
        var database = new SqliteFile(folder.File("threatlens.db"));
        for (var round = 1; round <= Rounds.Count; round++)
        {
            await using (var service = await MaintenanceProcess.StartAsync(database.Path))
            {
                await service.WaitForHealthAsync();
                await using var proxy = new OneWayProxy(service.Grpc);
                using var channel = GrpcChannel.ForAddress(proxy.Address);
                using var call = await HelloAsync(channel, expectedLast: round - 1);
                proxy.HoldBack();
                await call.RequestStream.WriteAsync(Batch(round));
                // The row is seen by a bystander, so the commit has happened; nothing comes back any more, so no acknowledgement has.
                await Eventually.TrueAsync(() => CountOf(database, round) == 1, () => $"batch {round} was not stored");
                await service.KillAsync();
                await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
            }

            await using var again = await MaintenanceProcess.StartAsync(database.Path);
            await again.WaitForHealthAsync();
            using var second = GrpcChannel.ForAddress(again.Grpc);
            using var resent = await HelloAsync(second, expectedLast: round);
            await resent.RequestStream.WriteAsync(Batch(round));
            Assert.True(await resent.ResponseStream.MoveNext(CancellationToken.None));
            Assert.True(resent.ResponseStream.Current.Acknowledgement.Duplicate);
            Assert.Equal(1, CountOf(database, round));
        }
    }

    private static async Task<AsyncDuplexStreamingCall<StreamMetricsRequest, StreamMetricsResponse>> HelloAsync(GrpcChannel channel, long expectedLast)
    {
        var call = new MetricsIngest.MetricsIngestClient(channel).StreamMetrics();
        await call.RequestStream.WriteAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = "lost" } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(expectedLast, call.ResponseStream.Current.Welcome.LastSequence);
        return call;
    }

    private static StreamMetricsRequest Batch(long sequence) => new()
    {
        Batch = new MetricBatch { Sequence = sequence, Samples = { new MetricSample { SourceName = "lost", MetricType = "count", MetricValue = $"{sequence}" } } },
    };

    private static long CountOf(SqliteFile database, int round) =>
        (long)database.Scalar($"SELECT count(*) FROM processing_metrics WHERE source_name = 'lost' AND metric_value = '{round}'")!;
}
