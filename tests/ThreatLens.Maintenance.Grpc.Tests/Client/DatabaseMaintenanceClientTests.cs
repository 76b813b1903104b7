using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Maintenance;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Client;

public sealed class DatabaseMaintenanceClientTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_without_an_address_finds_the_service_by_its_name(bool withServiceDefaults)
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnStatus = () => new StatusResponse { CurrentVersion = "003" };
        using var host = CreateHost(
            builder => builder.AddDatabaseMaintenanceClient("caretaker"),
            withServiceDefaults,
            ("services:caretaker:grpc:0", service.Address.ToString()));

        var status = await Client(host).StatusAsync(new StatusRequest());

        Assert.Equal("003", status.CurrentVersion);
    }

    [Fact]
    public async Task Call_that_reads_is_repeated_while_the_service_is_unavailable()
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnStatus = () => service.Calls.Count < 3 ? throw Unavailable() : new StatusResponse { CurrentVersion = "003" };
        using var host = CreateHost(service);

        var status = await Client(host).StatusAsync(new StatusRequest());

        Assert.Equal("003", status.CurrentVersion);
        Assert.Equal(3, service.Calls.Count);
    }

    [Fact]
    public async Task Call_that_reads_is_given_up_after_the_configured_retries()
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnStatus = () => throw Unavailable();
        using var host = CreateHost(service, ("ThreatLens:Maintenance:Client:Retries", "1"));

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await Client(host).StatusAsync(new StatusRequest()));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal(2, service.Calls.Count);
    }

    [Fact]
    public async Task Call_that_changes_something_is_sent_once()
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnMigrate = _ => throw Unavailable();
        using var host = CreateHost(service);

        await Assert.ThrowsAsync<RpcException>(async () => await Client(host).MigrateAsync(new MigrateRequest()));

        Assert.Single(service.Calls);
    }

    [Fact]
    public async Task Call_that_changes_something_is_not_repeated_by_the_service_defaults_either()
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.HttpStatus = 503;
        using var host = CreateHost(service);

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await Client(host).MigrateAsync(new MigrateRequest()));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Single(service.Calls);
    }

    [Fact]
    public async Task Stream_is_sent_once()
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnHealthReport = (_, _, _) => throw Unavailable();
        using var host = CreateHost(service);
        using var call = Client(host).HealthReport(new HealthReportRequest());

        await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());

        Assert.Single(service.Calls);
    }

    [Fact]
    public async Task Call_says_who_calls_unless_it_does_so_itself()
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnStatus = () => new StatusResponse();
        using var named = CreateHost(service, ("ThreatLens:Maintenance:Client:CallerName", "nightly job"));
        using var unnamed = CreateHost(service);
        var own = new Metadata { { "threatlens-caller", "somebody else" } };

        await Client(named).StatusAsync(new StatusRequest());
        await Client(unnamed).StatusAsync(new StatusRequest());
        await Client(named).StatusAsync(new StatusRequest(), own);

        Assert.Equal(
            ["nightly job", "the-program", "somebody else"],
            service.Calls.Select(call => call.Headers.GetAll("threatlens-caller").Single().Value));
        Assert.Single(own);
    }

    [Theory]
    [InlineData("Retries", "5")]
    [InlineData("Retries", "-1")]
    [InlineData("CallerName", "grün")]
    [InlineData("CallerName", "")]
    [InlineData("Address", "ftp://localhost")]
    [InlineData("Address", "localhost")]
    [InlineData("ConnectTimeout", "00:00:00")]
    public async Task Host_with_a_setting_out_of_range_does_not_start_and_names_it(string setting, string value)
    {
        using var host = CreateHost(
            builder => builder.AddDatabaseMaintenanceClient(),
            withServiceDefaults: false,
            ($"ThreatLens:Maintenance:Client:{setting}", value));

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(setting, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Channel_without_a_host_calls_and_identifies_itself()
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnStatus = () => new StatusResponse { CurrentVersion = "003" };
        using var channel = DatabaseMaintenanceChannel.Create(service.Address, "me");

        Assert.Equal("003", (await channel.Client.StatusAsync(new StatusRequest())).CurrentVersion);
        Assert.Equal("me", service.Calls.Single().Headers.GetValue("threatlens-caller"));
    }

    [Fact]
    public void Channel_to_an_address_that_is_not_http_is_refused() =>
        Assert.Throws<ArgumentException>(() => DatabaseMaintenanceChannel.Create(new Uri("ftp://localhost")));

    private static RpcException Unavailable() => new(new Status(StatusCode.Unavailable, "not now"));

    private static DatabaseMaintenance.DatabaseMaintenanceClient Client(IHost host) =>
        host.Services.GetRequiredService<DatabaseMaintenance.DatabaseMaintenanceClient>();

    /// <summary>With service defaults: their resilience handler would repeat what must not be repeated.</summary>
    private static IHost CreateHost(ScriptedMaintenance service, params (string Key, string Value)[] configuration) => CreateHost(
        builder => builder.AddDatabaseMaintenanceClient(configure: settings => settings.Address = service.Address),
        withServiceDefaults: true,
        configuration);

    private static IHost CreateHost(
        Action<IHostApplicationBuilder> add, bool withServiceDefaults, params (string Key, string Value)[] configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { ApplicationName = "the-program" });
        builder.Configuration.AddInMemoryCollection(
            configuration.Select(entry => new KeyValuePair<string, string?>(entry.Key, entry.Value)));
        if (withServiceDefaults)
            builder.AddServiceDefaults();
        add(builder);
        return builder.Build();
    }
}
