using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Ingest.Sample;
using ThreatLens.Ingest.Sample.Watching;
using ThreatLens.Maintenance.Client.Ingestion;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>The sample's worker with its own channel; disposing stops it in order.</summary>
internal sealed class WatchRun : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly IngestWorker _worker;

    public WatchRun(FakeIngestServer server, IngestOptions ingest, ILogger<LogWatch>? log = null)
    {
        var options = Options.Create(ingest);
        var feed = new ConfigurationFeed();
        (var client, _channel) = server.Connect();
        var settings = new MetricBatchSenderOptions
        {
            ProducerId = ingest.ProducerId,
            MaxUnacknowledgedBatches = ingest.MaxUnacknowledgedBatches,
            InitialReconnectDelay = TimeSpan.FromMilliseconds(1),
            MaxReconnectDelay = TimeSpan.FromMilliseconds(200),
        };
        Sender = new MetricBatchSender(client, settings, TimeProvider.System, NullLogger<MetricBatchSender>.Instance);
        var watch = new LogWatch(options, feed, TimeProvider.System, log ?? NullLogger<LogWatch>.Instance);
        _worker = new IngestWorker(Sender, watch, feed, options, TimeProvider.System, NullLogger<IngestWorker>.Instance);
        _worker.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    public MetricBatchSender Sender { get; }

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync(CancellationToken.None);
        _worker.Dispose();
        _channel.Dispose();
    }
}
