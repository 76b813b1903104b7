using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Telemetry;
using Xunit;
using GrpcHealth = Grpc.Health.V1.Health;

namespace ThreatLens.Maintenance.Grpc.Tests.Telemetry;

/// <summary>
/// One life of the real service, in a process of its own, with a real telemetry backend: operations of every ending, ingest, and the
/// probes that go with production. All that the tests look at is there when it ends, and it has ended when they look.
/// </summary>
public sealed class TelemetryScenario : IAsyncLifetime
{
    public const string Caller = "telemetry test";
    public const int Samples = 7;

    /// <summary>How the routes of the probes begin.</summary>
    public static readonly string[] Probes = ["/health", "/alive", "/grpc.health.v1.Health/", "/grpc.reflection."];

    private readonly TemporaryFolder _folder = new();
    private OtlpReceiver? _otlp;

    public OtlpReceiver Otlp => _otlp ?? throw new InvalidOperationException("The scenario has not run.");

    /// <summary>The trace in which the caller of <see cref="Awaited"/> made its call.</summary>
    public string CallerTraceId { get; private set; } = "";

    /// <summary>Migrate to 002, the caller waiting, and traced itself.</summary>
    public Operation Awaited { get; private set; } = new();

    /// <summary>Migrate to the latest with wait_timeout 0.</summary>
    public Operation Detached { get; private set; } = new();

    /// <summary>Rollback of a version that does not exist here, the caller waiting.</summary>
    public string FailedId { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _otlp = await OtlpReceiver.StartAsync();
        await using var service = await MaintenanceProcess.StartAsync(_folder.File("traced.db"), new Dictionary<string, string?>(Otlp.Settings)
        {
            ["OTEL_SERVICE_NAME"] = "maintenance",
            ["Maintenance__MigrateOnStartup"] = "false",
        });
        await service.WaitForHealthAsync();
        using var channel = DatabaseMaintenanceChannel.Create(service.Grpc, Caller);

        Awaited = await RunTracedAsync(channel.Client);
        Detached = await RunDetachedAsync(channel.Client);
        FailedId = await FailAsync(channel.Client);
        using var plain = GrpcChannel.ForAddress(service.Grpc);
        await IngestAsync(plain);
        await ProbeAsync(plain, service.Http);
        await ArrivedAsync();

        Assert.Equal(0, await service.StopAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_otlp is not null)
            await _otlp.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The spans of the calls of an RPC, in the order they began.</summary>
    public IReadOnlyList<ReceivedSpan> Rpcs(string method) =>
    [
        .. Otlp.Spans.Where(span => span.Kind == ActivityKind.Server && span.Name.EndsWith($"/{method}", StringComparison.Ordinal))
            .OrderBy(span => span.Start),
    ];

    /// <summary>The operation's span.</summary>
    public ReceivedSpan OperationSpan(string operationId) =>
        Otlp.Spans.Single(span => span.Attributes.GetValueOrDefault("threatlens.operation.id") as string == operationId);

    private async Task<Operation> RunTracedAsync(DatabaseMaintenance.DatabaseMaintenanceClient client)
    {
        using var caller = new Activity("caller") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        CallerTraceId = caller.TraceId.ToHexString();
        return (await client.MigrateAsync(new MigrateRequest { TargetVersion = "002" })).Operation;
    }

    private static async Task<Operation> RunDetachedAsync(DatabaseMaintenance.DatabaseMaintenanceClient client)
    {
        var started = await client.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration() });
        using var watch = client.WatchOperation(new WatchOperationRequest { OperationId = started.Operation.Id });
        var last = started.Operation;
        await foreach (var message in watch.ResponseStream.ReadAllAsync())
            last = message.Operation;
        return last;
    }

    private static async Task<string> FailAsync(DatabaseMaintenance.DatabaseMaintenanceClient client)
    {
        await client.RollbackAsync(new RollbackRequest { Version = "003" });
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await client.RollbackAsync(new RollbackRequest { Version = "003" }));
        return MaintenanceFailure.FromException(failure).OperationId;
    }

    private static async Task IngestAsync(GrpcChannel channel)
    {
        using var stream = new MetricsIngest.MetricsIngestClient(channel).StreamMetrics();
        await stream.RequestStream.WriteAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = "telemetry-test" } });
        var batch = new MetricBatch { Sequence = 1 };
        for (var i = 0; i < Samples; i++)
            batch.Samples.Add(new MetricSample { SourceName = "app.log", MetricType = "lines", MetricValue = "1" });
        await stream.RequestStream.WriteAsync(new StreamMetricsRequest { Batch = batch });
        while (stream.ResponseStream.Current?.Acknowledgement is null)
            Assert.True(await stream.ResponseStream.MoveNext());
        await stream.RequestStream.CompleteAsync();
        while (await stream.ResponseStream.MoveNext())
        {
        }
    }

    /// <summary>Waits for the last of each kind; what came before it has been sent before it.</summary>
    private async Task ArrivedAsync()
    {
        await Otlp.WaitForSpanAsync(span => span.Attributes.GetValueOrDefault("threatlens.operation.id") as string == FailedId);
        await Otlp.WaitForSpanAsync(span => span.Kind == ActivityKind.Server && span.Name.EndsWith("/StreamMetrics", StringComparison.Ordinal));
        await Otlp.WaitForLogAsync(log => log.Severity >= 17);
        foreach (var operation in (Operation[])[Awaited, Detached])
            await Otlp.WaitForLogAsync(log => log.Attributes.GetValueOrDefault("OperationId") as string == operation.Id && log.Body.Contains("ended", StringComparison.Ordinal));
        foreach (var probe in Probes)
            await Otlp.WaitForMetricAsync(metric => metric.Name == "http.server.request.duration" && ((string?)metric.Attributes.GetValueOrDefault("http.route"))?.StartsWith(probe, StringComparison.Ordinal) == true);
        // All metrics go out together: those of now have all of it.
        var seen = TimeProvider.System.GetUtcNow();
        await Otlp.WaitForMetricAsync(metric => metric.Name == "threatlens.ingest.queue.depth" && metric.Time > seen);
    }

    private static async Task ProbeAsync(GrpcChannel channel, Uri httpAddress)
    {
        await new GrpcHealth.HealthClient(channel).CheckAsync(new HealthCheckRequest());
        using var reflection = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo();
        await reflection.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        Assert.True(await reflection.ResponseStream.MoveNext());
        await reflection.RequestStream.CompleteAsync();
        using var http = new HttpClient { BaseAddress = httpAddress };
        (await http.GetAsync("/health")).EnsureSuccessStatusCode();
        (await http.GetAsync("/alive")).EnsureSuccessStatusCode();
    }
}
