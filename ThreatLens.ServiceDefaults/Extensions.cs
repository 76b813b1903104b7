using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// What every ThreatLens process has in common: telemetry, health endpoints, service discovery, resilient HTTP clients. The shape is
/// that of Aspire's service defaults; where it differs a comment says why.
/// </summary>
public static class Extensions
{
    private const string HealthPath = "/health";
    private const string AlivePath = "/alive";
    private const string GrpcAttributes = "OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_ENABLE_GRPC_INSTRUMENTATION";

    /// <summary>Upper bounds of <c>db.client.operation.duration</c> in seconds, as the semantic conventions for databases give them.</summary>
    private static readonly double[] DatabaseDurationBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

    /// <summary>
    /// Adds all defaults: call it first, for a web application or a plain host alike. Every <see cref="HttpClient"/> of the factory
    /// gets service discovery and the standard resilience handler (10 s an attempt, 30 s in all, 3 retries). A gRPC client must not
    /// have the latter: it cuts streams and sends mutations again. It opts out where it is registered, and brings a gRPC retry policy
    /// for its idempotent calls instead: <c>services.AddGrpcClient&lt;T&gt;(...).RemoveAllResilienceHandlers()</c>, which is what
    /// <c>AddDatabaseMaintenanceClient</c> does.
    /// </summary>
    /// <param name="builder">The host to add to.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.AddStopWithParent();
        builder.ConfigureOpenTelemetry();
        builder.AddDefaultHealthChecks();

        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });

        return builder;
    }

    /// <summary>
    /// Adds logs, metrics and traces. They are exported when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, over the protocol of
    /// <c>OTEL_EXPORTER_OTLP_PROTOCOL</c> (<c>grpc</c>, the default, or <c>http/protobuf</c>); what is still queued is sent when the host
    /// is disposed, within 5 s. Sampling is OpenTelemetry's default, the caller's decision and else everything, which
    /// <c>OTEL_TRACES_SAMPLER</c> changes.
    /// </summary>
    /// <param name="builder">The host to add to.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        // rpc.* attributes on server spans are opt-in in the instrumentation; here they are on unless somebody says otherwise.
        builder.Configuration[GrpcAttributes] ??= "true";

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.DescribeService(builder.Environment))
            .WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("ThreatLens.*")
                .AddView(
                    "db.client.operation.duration",
                    new ExplicitBucketHistogramConfiguration { Boundaries = DatabaseDurationBounds }))
            .WithTracing(tracing => tracing
                .AddSource(builder.Environment.ApplicationName, "ThreatLens.*")
                .AddAspNetCoreInstrumentation(options => options.Filter = context => !IsProbe(context.Request.Path))
                .AddHttpClientInstrumentation());

        builder.AddOpenTelemetryExporters();
        return builder;
    }

    /// <summary>
    /// Adds the check <c>self</c>, tagged <c>live</c>: healthy as long as the process answers. Checks of what the process depends on are
    /// added by those who depend on it, without that tag.
    /// </summary>
    /// <param name="builder">The host to add to.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        // The web server is the last hosted service. Started one after another, a service whose StartAsync takes long would keep the
        // health endpoints from answering, and nobody could tell a slow start from a dead process.
        builder.Services.Configure<HostOptions>(options => options.ServicesStartConcurrently = true);

        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), ["live"]);
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (every check but those tagged <c>grpc</c>, which speak for one gRPC service only: is the application ready?) and <c>/alive</c> (checks tagged <c>live</c>: is the process to be
    /// restarted?), anonymous and never cached. Both answer JSON <c>{status, checks:[{name,status,description}]}</c> with 200 for
    /// Healthy and Degraded and 503 for Unhealthy.
    /// </summary>
    /// <param name="app">The application to map on.</param>
    /// <returns><paramref name="app"/>.</returns>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        // The template maps these in Development only. Operators and orchestrators need them everywhere, and they tell no secrets: a
        // check's description is written for them.
        app.MapHealthChecks(HealthPath, AnswerWithJson(check => !check.Tags.Contains("grpc"))).AllowAnonymous();
        app.MapHealthChecks(AlivePath, AnswerWithJson(check => check.Tags.Contains("live"))).AllowAnonymous();
        return app;
    }

    private static TBuilder AddOpenTelemetryExporters<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            builder.Services.AddOpenTelemetry().UseOtlpExporter();

        return builder;
    }

    /// <summary>Names the service after the application; the environment comes last, so that OTEL_SERVICE_NAME and the like win.</summary>
    private static void DescribeService(this ResourceBuilder resource, IHostEnvironment environment) => resource
        .Clear()
        .AddTelemetrySdk()
        .AddService(environment.ApplicationName, serviceVersion: Assembly.GetEntryAssembly()?.GetName().Version?.ToString(3))
        .AddEnvironmentVariableDetector();

    /// <summary>Probes come every few seconds for ever; a trace of each would bury what people look for.</summary>
    private static bool IsProbe(PathString path) =>
        path.StartsWithSegments(HealthPath, StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments(AlivePath, StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/grpc.health.v1.Health", StringComparison.Ordinal)
        || path.Value?.StartsWith("/grpc.reflection.", StringComparison.Ordinal) == true;

    /// <summary>The template answers one word; an operator needs to know which check it was and what it says.</summary>
    private static HealthCheckOptions AnswerWithJson(Func<HealthCheckRegistration, bool> predicate) => new()
    {
        Predicate = predicate,
        AllowCachingResponses = false,
        ResponseWriter = WriteReportAsync,
    };

    private static Task WriteReportAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(
        new
        {
            status = report.Status.ToString(),
            checks = report.Entries.Select(entry => new
            {
                name = entry.Key,
                status = entry.Value.Status.ToString(),
                description = entry.Value.Description ?? string.Empty,
            }),
        },
        JsonSerializerOptions.Web,
        context.RequestAborted);
}
