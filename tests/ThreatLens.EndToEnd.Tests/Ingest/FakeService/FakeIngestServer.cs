using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Connections;

namespace ThreatLens.EndToEnd.Tests.Ingest.FakeService;

/// <summary>A MetricsIngest over real Kestrel that a test can stop, start again, and make fail. Thread-safe.</summary>
public sealed class FakeIngestServer(FakeIngestStore store) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, FakeStream> _streams = new();
    private readonly Lock _opening = new();
    private readonly IPAddress _address = OwnAddress.Next();
    private IngestConfiguration _configuration = new() { Monitoring = new MonitoringConfig { Enabled = true } };
    private WebApplication? _application;
    private int _port;
    private int _hellos;

    public FakeIngestStore Store { get; } = store;

    /// <summary>Decides about each batch; none by default.</summary>
    public Func<MetricBatch, Fault> NextFault { get; set; } = _ => Fault.None;

    public Func<MetricBatch, IEnumerable<Rejection>> Rejections { get; set; } = _ => [];

    public TimeSpan? RetryAfter { get; set; }

    public int Window { get; set; } = 16;

    /// <summary>What each acknowledgement says the window is from then on; 0: nothing.</summary>
    public int WindowAfterwards { get; set; }

    public int MaxBatchSamples { get; set; } = 10_000;

    public string Address => $"http://{_address}:{_port}";

    public int Hellos => Volatile.Read(ref _hellos);

    public Metadata? LastHeaders { get; private set; }

    public static async Task<FakeIngestServer> StartAsync(FakeIngestStore? store = null)
    {
        var server = new FakeIngestServer(store ?? new FakeIngestStore());
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Listens, where it did the last time if it did.</summary>
    public async Task StartAgainAsync()
    {
        // Empty: appsettings.json of the programs under test lie around here and are none of its business.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(_address, _port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = GrpcChannelDefaults.MaxMessageSize);
        builder.Services.AddSingleton(this);
        _application = builder.Build();
        _application.MapGrpcService<FakeIngestService>();
        await _application.StartAsync();
        _port = new Uri(_application.Urls.Single()).Port;
    }

    public async Task StopAsync()
    {
        if (_application is null)
            return;
        await _application.StopAsync();
        await _application.DisposeAsync();
        _application = null;
    }

    public void Configure(IngestConfiguration configuration)
    {
        _configuration = configuration;
        foreach (var stream in _streams.Values)
            stream.Push(configuration);
    }

    /// <summary>A client over a channel with the product's settings.</summary>
    public (MetricsIngest.MetricsIngestClient Client, GrpcChannel Channel) Connect()
    {
        var options = new GrpcChannelOptions { HttpHandler = GrpcChannelDefaults.CreateHandler(), DisposeHttpClient = true };
        GrpcChannelDefaults.Configure(options);
        var channel = GrpcChannel.ForAddress(Address, options);
        return (new MetricsIngest.MetricsIngestClient(channel), channel);
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    internal void OnHello(ServerCallContext context)
    {
        LastHeaders = context.RequestHeaders;
        Interlocked.Increment(ref _hellos);
    }

    /// <summary>Opens a stream in the place of the producer's last one, with its welcome.</summary>
    internal FakeStream Open(string producer, CancellationToken callCancelled)
    {
        var stream = new FakeStream(callCancelled);
        lock (_opening)
        {
            if (_streams.TryGetValue(producer, out var old))
                Replace(old);
            _streams[producer] = stream;
            stream.Welcome = WelcomeTo(producer, stream);
        }

        return stream;
    }

    private static void Replace(FakeStream old)
    {
        try
        {
            old.Replace();
        }
        catch (ObjectDisposedException)
        {
            // It had ended by itself.
        }
    }

    private Welcome WelcomeTo(string producer, FakeStream stream)
    {
        var (lastSequence, positions) = Store.Begin(producer, stream);
        var welcome = new Welcome
        {
            LastSequence = lastSequence,
            Configuration = _configuration,
            MaxUnacknowledgedBatches = Window,
            MaxBatchSamples = MaxBatchSamples,
        };
        welcome.Positions.Add(positions);
        return welcome;
    }
}
