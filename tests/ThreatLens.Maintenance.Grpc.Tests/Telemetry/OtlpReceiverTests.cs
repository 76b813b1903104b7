using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ThreatLens.Testing.Telemetry;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Telemetry;

/// <summary>The receiver against OpenTelemetry's real exporter, set up by the service defaults as every process does it.</summary>
public sealed class OtlpReceiverTests
{
    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Exported_telemetry_arrives_with_everything_tests_look_at(string protocol)
    {
        await using var otlp = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource("ThreatLens.Test." + Guid.NewGuid().ToString("N"));
        using var meter = new Meter(source.Name);
        var cause = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);

        using (var host = StartHost(otlp, protocol))
        {
            await host.StartAsync();
            using var root = source.StartActivity("root", ActivityKind.Server)!;
            using (var child = source.StartActivity(ActivityKind.Client, name: "child", links: [new ActivityLink(cause)])!)
            {
                child.SetTag("text", "a").SetTag("number", 7L).SetTag("ratio", 0.5).SetTag("yes", true);
                child.SetTag("list", new[] { "x", "y" });
                child.AddEvent(new ActivityEvent("happened", tags: new() { ["why"] = "because" }));
                child.SetStatus(ActivityStatusCode.Error, "broken");
                Logger(host).LogWarning("Hello {Who}", "world");
            }

            meter.CreateCounter<long>("things", "{thing}").Add(3, new KeyValuePair<string, object?>("kind", "good"));
            meter.CreateHistogram<double>("db.client.operation.duration", "s").Record(0.007);
            await otlp.WaitForMetricAsync(metric => metric.Scope == source.Name && metric.Name == "db.client.operation.duration");
            await otlp.WaitForSpanAsync(span => span.Scope == source.Name && span.Name == "child");
            await otlp.WaitForLogAsync(log => log.Body == "Hello world");
            root.Stop();
            await otlp.WaitForSpanAsync(span => span.Scope == source.Name && span.Name == "root");
            await host.StopAsync();
        }

        var parent = await otlp.WaitForSpanAsync(span => span.Scope == source.Name && span.Name == "root");
        var span = await otlp.WaitForSpanAsync(span => span.Scope == source.Name && span.Name == "child");
        Assert.Equal(ActivityKind.Server, parent.Kind);
        Assert.Equal(string.Empty, parent.ParentSpanId);
        Assert.Equal("the-service", span.Service);
        Assert.Equal(ActivityKind.Client, span.Kind);
        Assert.True(span.IsChildOf(parent));
        Assert.Equal([new ReceivedLink(cause.TraceId.ToHexString(), cause.SpanId.ToHexString())], span.Links);
        Assert.Equal("a", span.Attributes["text"]);
        Assert.Equal(7L, span.Attributes["number"]);
        Assert.Equal(0.5, span.Attributes["ratio"]);
        Assert.Equal(true, span.Attributes["yes"]);
        Assert.Equal(new object[] { "x", "y" }, span.Attributes["list"]);
        Assert.Equal("because", Assert.Single(span.Events, e => e.Name == "happened").Attributes["why"]);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("broken", span.StatusMessage);
        Assert.True(span.End >= span.Start);

        var counter = await otlp.WaitForMetricAsync(metric => metric.Scope == source.Name && metric.Name == "things");
        Assert.Equal(3, counter.Value);
        Assert.Equal("{thing}", counter.Unit);
        Assert.Equal("good", counter.Attributes["kind"]);
        var histogram = await otlp.WaitForMetricAsync(
            metric => metric.Scope == source.Name && metric.Name == "db.client.operation.duration");
        Assert.Equal([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10], histogram.Histogram!.Bounds);
        Assert.Equal([0L, 0, 1, 0, 0, 0, 0, 0, 0, 0], histogram.Histogram.Counts);

        var log = await otlp.WaitForLogAsync(log => log.Body == "Hello world");
        Assert.Equal(13, log.Severity);
        Assert.Equal("world", log.Attributes["Who"]);
        Assert.Equal(span.TraceId, log.TraceId);
        Assert.Equal(span.SpanId, log.SpanId);
    }

    [Fact]
    public async Task WaitForSpan_without_a_fitting_span_says_what_was_received()
    {
        await using var otlp = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource("ThreatLens.Test." + Guid.NewGuid().ToString("N"));
        using (var host = StartHost(otlp, "grpc"))
        {
            await host.StartAsync();
            source.StartActivity("something else")!.Dispose();
            await otlp.WaitForSpanAsync(span => span.Scope == source.Name);
        }

        var failure = await Assert.ThrowsAsync<TimeoutException>(
            () => otlp.WaitForSpanAsync(span => span.Name == "never", TimeSpan.FromMilliseconds(50)));

        Assert.Contains("something else", failure.Message, StringComparison.Ordinal);
    }

    private static ILogger Logger(IHost host) => host.Services.GetRequiredService<ILogger<OtlpReceiverTests>>();

    private static IHost StartHost(OtlpReceiver otlp, string protocol)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { ApplicationName = "the-service" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(otlp.Settings)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = (protocol == "grpc" ? otlp.Endpoint : otlp.HttpEndpoint).ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
        });
        builder.AddServiceDefaults();
        return builder.Build();
    }
}
