using System.Globalization;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

/// <summary>A started sender on a channel of its own, and what it reported. Disposing stops it in order.</summary>
internal sealed class SenderRun : IAsyncDisposable
{
    public const string Producer = "pushed";
    private readonly GrpcChannel _channel;

    public SenderRun(string address, Action<MetricSenderSettings>? configure = null, TimeProvider? time = null, ILogger<MetricSender>? log = null)
    {
        var settings = new MetricSenderSettings
        {
            ProducerId = Producer,
            MaxBatchAge = TimeSpan.FromMilliseconds(5),
            InitialReconnectDelay = TimeSpan.FromMilliseconds(1),
            MaxReconnectDelay = TimeSpan.FromMilliseconds(200),
            ShutdownTimeout = TimeSpan.FromMinutes(1),
        };
        configure?.Invoke(settings);
        var options = new GrpcChannelOptions { HttpHandler = GrpcChannelDefaults.CreateHandler(), DisposeHttpClient = true };
        GrpcChannelDefaults.Configure(options);
        _channel = GrpcChannel.ForAddress(address, options);
        Sender = new MetricSender(new MetricsIngest.MetricsIngestClient(_channel), settings, time ?? TimeProvider.System, log ?? NullLogger<MetricSender>.Instance);
        Sender.Dropped += dropped => Dropped[dropped.Reason] = Dropped.GetValueOrDefault(dropped.Reason) + dropped.Samples;
        Sender.Rejected += Rejected.Add;
        Sender.Start();
    }

    public SenderRun(FakeIngestServer server, Action<MetricSenderSettings>? configure = null)
        : this(server.Address, configure)
    {
    }

    public MetricSender Sender { get; }

    /// <summary>Settings for batches of exactly so many samples: none is sent half full because whoever adds was held up.</summary>
    public static Action<MetricSenderSettings> FullBatches(int samples) =>
        settings => (settings.MaxBatchSamples, settings.MaxBatchAge) = (samples, TimeSpan.FromMinutes(1));

    /// <summary>What was reported; complete once the sender has stopped.</summary>
    public Dictionary<DropReason, long> Dropped { get; } = [];

    public List<RejectedSample> Rejected { get; } = [];

    /// <summary>Adds whole numbers.</summary>
    /// <returns>Those that were taken.</returns>
    public List<int> Add(int from, int count)
    {
        var taken = new List<int>();
        for (var n = from; n < from + count; n++)
        {
            if (Sender.Add(Producer, "n", n))
                taken.Add(n);
        }
        return taken;
    }

    /// <summary>What a fake service has stored, in order.</summary>
    public static List<int> Stored(FakeIngestServer server) =>
        [.. server.Store.Batches.SelectMany(batch => batch.Samples).Select(sample => int.Parse(sample.MetricValue, CultureInfo.InvariantCulture))];

    /// <summary>Stops at once, leaving what is not stored where it is.</summary>
    public async Task AbandonAsync()
    {
        await Sender.StopAsync(new CancellationToken(canceled: true));
        _channel.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await Sender.DisposeAsync();
        _channel.Dispose();
    }
}
