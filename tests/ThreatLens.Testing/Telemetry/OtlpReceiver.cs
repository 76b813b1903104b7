using System.Diagnostics;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using ThreatLens.Testing.Telemetry.Otlp;

namespace ThreatLens.Testing.Telemetry;

/// <summary>
/// A telemetry backend for tests: takes OTLP from real exporters over real ports, in gRPC and in HTTP/protobuf, and keeps everything.
/// Pass <see cref="Endpoint"/> as OTEL_EXPORTER_OTLP_ENDPOINT. Thread-safe.
/// </summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    /// <summary>How long the waiting methods wait when they are not told.</summary>
    public static readonly TimeSpan DefaultTimeout = Eventually.Limit;

    private readonly WebApplication _app;
    private readonly Inbox<ReceivedSpan> _spans = new();
    private readonly Inbox<ReceivedMetric> _metrics = new();
    private readonly Inbox<ReceivedLog> _logs = new();

    private OtlpReceiver()
    {
        // Empty: the service's appsettings.json lies beside the tests, and its ports are not for this.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        builder.Services.AddSingleton(this);

        // Under their usual names these are heard by the instrumentation of whatever host runs in the same process: each export would
        // be a request worth a span worth an export, for ever.
        builder.Services.AddSingleton(new ActivitySource("OtlpReceiver"));
        builder.Services.AddSingleton(new DiagnosticListener("OtlpReceiver"));

        _app = builder.Build();
        _app.MapGrpcService<TraceReceiver>();
        _app.MapGrpcService<MetricsReceiver>();
        _app.MapGrpcService<LogsReceiver>();
        MapHttp(_app, "/v1/traces", ExportTraceServiceRequest.Parser, Take);
        MapHttp(_app, "/v1/metrics", ExportMetricsServiceRequest.Parser, Take);
        MapHttp(_app, "/v1/logs", ExportLogsServiceRequest.Parser, Take);
    }

    /// <summary>For OTEL_EXPORTER_OTLP_PROTOCOL=grpc, the exporters' default.</summary>
    public Uri Endpoint => Address(0);

    /// <summary>For OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf.</summary>
    public Uri HttpEndpoint => Address(1);

    /// <summary>
    /// Settings of a process that exports here in gRPC, as environment variables: at once rather than at its end, for which OpenTelemetry has five seconds,
    /// and with patience, as what takes too long is dropped.
    /// </summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Endpoint.ToString(),
        ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "120000",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BSP_EXPORT_TIMEOUT"] = "120000",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BLRP_EXPORT_TIMEOUT"] = "120000",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        ["OTEL_METRIC_EXPORT_TIMEOUT"] = "120000",
    };

    /// <summary>The spans so far, in the order they came.</summary>
    public IReadOnlyList<ReceivedSpan> Spans => _spans.Items;

    /// <summary>The points of metrics so far, in the order they came.</summary>
    public IReadOnlyList<ReceivedMetric> Metrics => _metrics.Items;

    /// <summary>The log records so far, in the order they came.</summary>
    public IReadOnlyList<ReceivedLog> Logs => _logs.Items;

    /// <summary>Starts a receiver on free ports of the loopback address.</summary>
    public static async Task<OtlpReceiver> StartAsync(CancellationToken cancellationToken = default)
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync(cancellationToken);
        return receiver;
    }

    /// <summary>The first span that fits, waiting for it where needed.</summary>
    /// <exception cref="TimeoutException">None came in time; the message lists those that did.</exception>
    public Task<ReceivedSpan> WaitForSpanAsync(
        Func<ReceivedSpan, bool> predicate, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        _spans.WaitAsync(predicate, timeout ?? DefaultTimeout, cancellationToken);

    /// <inheritdoc cref="WaitForSpanAsync"/>
    public Task<ReceivedMetric> WaitForMetricAsync(
        Func<ReceivedMetric, bool> predicate, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        _metrics.WaitAsync(predicate, timeout ?? DefaultTimeout, cancellationToken);

    /// <inheritdoc cref="WaitForSpanAsync"/>
    public Task<ReceivedLog> WaitForLogAsync(
        Func<ReceivedLog, bool> predicate, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        _logs.WaitAsync(predicate, timeout ?? DefaultTimeout, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    internal void Take(ExportTraceServiceRequest request) => _spans.Add(Received.Spans(request));

    internal void Take(ExportMetricsServiceRequest request) => _metrics.Add(Received.Metrics(request));

    internal void Take(ExportLogsServiceRequest request) => _logs.Add(Received.Logs(request));

    private static void MapHttp<T>(WebApplication app, string path, MessageParser<T> parser, Action<T> take) where T : IMessage<T> =>
        app.MapPost(path, async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            take(parser.ParseFrom(body.ToArray()));
            return Results.Bytes([], "application/x-protobuf");
        });

    private Uri Address(int index) => new(
        _app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.ElementAt(index));
}
