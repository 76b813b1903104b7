using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ThreatLens.Testing;
using ThreatLens.Testing.Telemetry;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.ServiceDefaults;

public sealed class HealthEndpointTests
{
    [Theory]
    [InlineData(HealthStatus.Healthy, HttpStatusCode.OK)]
    [InlineData(HealthStatus.Degraded, HttpStatusCode.OK)]
    [InlineData(HealthStatus.Unhealthy, HttpStatusCode.ServiceUnavailable)]
    public async Task Health_answers_every_check_with_the_worst_status(HealthStatus worst, HttpStatusCode code)
    {
        await using var app = CreateApp(builder => builder.Services.AddHealthChecks()
            .AddCheck("schema", () => new HealthCheckResult(worst, "as it is")));
        await app.StartAsync();
        using var http = Client(app);

        using var response = await http.GetAsync("/health");

        Assert.Equal(code, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.True(response.Headers.CacheControl!.NoStore);
        var report = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(worst.ToString(), report.GetProperty("status").GetString());
        var schema = Assert.Single(report.GetProperty("checks").EnumerateArray(), check => Text(check, "name") == "schema");
        Assert.Equal(worst.ToString(), Text(schema, "status"));
        Assert.Equal("as it is", Text(schema, "description"));
        Assert.Single(report.GetProperty("checks").EnumerateArray(), check => Text(check, "name") == "self");
    }

    [Fact]
    public async Task Alive_looks_at_live_checks_only()
    {
        await using var app = CreateApp(builder => builder.Services.AddHealthChecks()
            .AddCheck("schema", () => HealthCheckResult.Unhealthy()));
        await app.StartAsync();
        using var http = Client(app);

        using var response = await http.GetAsync("/alive");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var report = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("self", Text(Assert.Single(report.GetProperty("checks").EnumerateArray()), "name"));
    }

    [Fact]
    public async Task Health_while_a_hosted_service_is_still_starting_answers()
    {
        var slow = new SlowService();
        await using var app = CreateApp(builder => builder.Services.AddHostedService(_ => slow));
        var starting = app.StartAsync();
        await slow.Starting.Task;
        await ListeningAsync(app);
        using var http = Client(app);

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/alive")).StatusCode);
        Assert.False(starting.IsCompleted);

        slow.Finish.SetResult();
        await starting;
    }

    [Fact]
    public async Task Probes_are_not_traced_and_other_requests_are()
    {
        string[] probes = ["/health", "/alive", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch", "/grpc.reflection.v1.R/I"];
        await using var otlp = await OtlpReceiver.StartAsync();
        await using (var app = CreateApp(builder => builder.Configuration.AddInMemoryCollection(otlp.Settings)))
        {
            app.MapGet("/else", () => "x");
            await app.StartAsync();
            using var http = Client(app);
            foreach (var path in probes.Append("/else"))
                (await http.GetAsync(path)).Dispose();
            await otlp.WaitForSpanAsync(span => span.Attributes.GetValueOrDefault("url.path") as string == "/else");
            await app.StopAsync();
        }

        Assert.DoesNotContain(otlp.Spans, span => probes.Contains(span.Attributes.GetValueOrDefault("url.path")));
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static WebApplication CreateApp(Action<WebApplicationBuilder> configure)
    {
        // Production: the endpoints are there in every environment.
        // Apart from the service's appsettings.json, whose ports are not for this.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = "probed",
            EnvironmentName = "Production",
            ContentRootPath = Path.GetTempPath(),
        });
        builder.Logging.ClearProviders();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        configure(builder);
        builder.AddServiceDefaults();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        return app;
    }

    private static Task ListeningAsync(WebApplication app) => Eventually.UntilAsync(() => Address(app) is { Port: not 0 }, "the application listens");

    private static HttpClient Client(WebApplication app) => new() { BaseAddress = Address(app) };

    private static Uri? Address(WebApplication app) =>
        app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses
            .Select(address => new Uri(address)).FirstOrDefault();

    private sealed class SlowService : IHostedService
    {
        public TaskCompletionSource Starting { get; } = new();

        public TaskCompletionSource Finish { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Starting.SetResult();
            return Finish.Task;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
