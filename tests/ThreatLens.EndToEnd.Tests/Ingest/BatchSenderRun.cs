using System.Globalization;
using System.Runtime.CompilerServices;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>A sender of batches on a channel of its own.</summary>
internal sealed class BatchSenderRun : IDisposable
{
    public const string Producer = "tests";
    private readonly GrpcChannel _channel;

    public BatchSenderRun(FakeIngestServer server, int window = 32, TimeProvider? time = null, RecordedLog<MetricBatchSender>? log = null)
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

    /// <summary>Batches of one sample each, whose value is the batch's number.</summary>
    public static async IAsyncEnumerable<MetricBatch> Numbered(int from, int count, [EnumeratorCancellation] CancellationToken cancellationToken = default)
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

    /// <summary>The numbers of those that are stored, in order.</summary>
    public static IEnumerable<int> Stored(FakeIngestServer server) =>
        server.Store.Batches.Select(batch => int.Parse(batch.Samples.Single().MetricValue, CultureInfo.InvariantCulture));

    public void Dispose() => _channel.Dispose();
}
