using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Testing;
using Xunit;
using HealthStatus = Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

public sealed class RegistrationTests
{
    private const string Section = MetricSenderSettings.SectionName;

    [Fact]
    public async Task AddMetricSender_as_the_README_shows_stores_what_was_added_last_when_the_host_stops()
    {
        await using var server = await FakeIngestServer.StartAsync();
        var builder = Host.CreateApplicationBuilder();
        Configure(builder, ("services:maintenance:grpc:0", server.Address), ($"{Section}:ShutdownTimeout", "00:01:00"));
        builder.AddMetricSender("maintenance");
        builder.Services.AddHostedService<Scanner>();
        using var host = builder.Build();

        await host.StartAsync();
        await host.StopAsync();

        var sample = Assert.Single(server.Store.Batches.SelectMany(batch => batch.Samples));
        Assert.Equal(("scanner", "scan_seconds", "1.5"), (sample.SourceName, sample.MetricType, sample.MetricValue));
        Assert.Equal(1, server.Store.LastSequence($"{builder.Environment.ApplicationName}@{Environment.MachineName}"));
    }

    [Fact]
    public async Task AddMetricSender_settings_of_the_name_go_before_the_common_ones_and_code_before_both()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var folder = new TemporaryFolder();
        using var host = Build(
            builder => builder.AddMetricSender("caretaker", settings => settings.Description = "code"),
            ("services:caretaker:grpc:0", server.Address),
            ($"{Section}:ProducerId", "common"),
            ($"{Section}:SpoolDirectory", folder.File("spool")),
            ($"{Section}:caretaker:ProducerId", "own"),
            ($"{Section}:caretaker:Description", "own"));
        await host.StartAsync();
        var sender = host.Services.GetRequiredService<MetricSender>();

        sender.Add("a", "b", 1);
        await sender.FlushAsync();

        Assert.Equal("own", sender.ProducerId);
        Assert.Equal(1, server.Store.LastSequence("own"));
        Assert.StartsWith("own-", Path.GetFileName(Directory.EnumerateDirectories(folder.File("spool")).Single()), StringComparison.Ordinal);
        await host.StopAsync();
    }

    [Fact]
    public async Task AddKeyedMetricSender_two_senders_each_have_their_own_stream()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var host = Build(builder =>
        {
            foreach (var name in new[] { "first", "second" })
                builder.AddKeyedMetricSender(name, settings => (settings.ProducerId, settings.Address) = (name, new Uri(server.Address)));
        });
        await host.StartAsync();

        foreach (var name in new[] { "first", "second" })
        {
            var sender = host.Services.GetRequiredKeyedService<MetricSender>(name);
            sender.Add(name, "b", 1);
            await sender.FlushAsync();
            Assert.Equal(1, sender.State.Acknowledged);
        }
        await host.StopAsync();

        Assert.Equal((1, 1), (server.Store.LastSequence("first"), server.Store.LastSequence("second")));
    }

    [Theory]
    [InlineData("MaxBatchSamples", "0")]
    [InlineData("MaxBatchSamples", "10001")]
    [InlineData("MaxBatchBytes", "1000")]
    [InlineData("MaxBatchAge", "-00:00:01")]
    [InlineData("MaxBufferedSamples", "0")]
    [InlineData("WhenFull", "7")]
    [InlineData("ProducerId", "")]
    [InlineData("MaxUnacknowledgedBatches", "1001")]
    [InlineData("MaxReconnectDelay", "00:00:00.05")]
    [InlineData("Address", "ftp://somewhere")]
    [InlineData("SpoolDirectory", " ")]
    public async Task AddMetricSender_setting_out_of_range_stops_the_host_at_its_start_naming_it(string name, string value)
    {
        using var host = Build(builder => builder.AddMetricSender(), ($"{Section}:{name}", value));

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
        Assert.Contains(Section, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddMetricSender_twice_says_what_to_use()
    {
        var failure = Assert.Throws<InvalidOperationException>(() => Build(builder =>
        {
            builder.AddMetricSender();
            builder.AddMetricSender("other");
        }));

        Assert.Contains("AddKeyedMetricSender", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddMetricSender_health_is_degraded_while_the_service_is_away()
    {
        await using var server = await FakeIngestServer.StartAsync();
        using var host = Build(
            builder => builder.AddMetricSender(), ("services:maintenance:grpc:0", server.Address), ($"{Section}:ShutdownTimeout", "00:00:00"));
        var health = host.Services.GetRequiredService<HealthCheckService>();
        await host.StartAsync();
        await Eventually.AsyncUntil(() => health.CheckHealthAsync(), report => report.Status == HealthStatus.Healthy, "healthy");

        await server.StopAsync();

        var report = await Eventually.AsyncUntil(() => health.CheckHealthAsync(), report => report.Status == HealthStatus.Degraded, "degraded");
        Assert.Contains("No connection", report.Entries["metric-sender"].Description, StringComparison.Ordinal);
        await host.StopAsync();
    }

    [Fact]
    public void AddMetricSender_health_check_is_disabled_there_is_none()
    {
        using var host = Build(builder => builder.AddMetricSender(), ($"{Section}:DisableHealthChecks", "true"));

        Assert.Null(host.Services.GetService<HealthCheckService>());
    }

    private static IHost Build(Action<HostApplicationBuilder> add, params (string Key, string? Value)[] configuration)
    {
        var builder = Host.CreateApplicationBuilder();
        Configure(builder, configuration);
        add(builder);
        return builder.Build();
    }

    private static void Configure(HostApplicationBuilder builder, params (string Key, string? Value)[] configuration) =>
        builder.Configuration.AddInMemoryCollection(configuration.Select(entry => KeyValuePair.Create(entry.Key, entry.Value)));

    /// <summary>The service of the README: adds while it stops, too late for a sender that stops before it.</summary>
    private sealed class Scanner(MetricSender metrics) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            metrics.Add("scanner", "scan_seconds", 1.5);
            return Task.CompletedTask;
        }
    }
}
