using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Ingest;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Monitoring;

/// <summary>The monitoring configuration: read, replaced, guarded by its etag, and pushed to those who follow it.</summary>
public sealed class MonitoringConfigTests(MonitoringService fixture) : IClassFixture<MonitoringService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Configuration_that_nobody_stored_is_the_default()
    {
        fixture.Forget();

        var response = await GetAsync();

        Assert.Equal(new MonitoringConfig { Enabled = true, Interval = new Duration { Seconds = 1 }, OtherSettings = new Struct() }, response.Config);
        Assert.NotEqual("", response.Etag);
    }

    [Fact]
    public async Task Update_is_read_back_with_a_new_etag()
    {
        fixture.Forget();
        var before = await GetAsync();

        var response = await UpdateAsync(new MonitoringConfig { Enabled = false, Interval = new Duration { Seconds = 2, Nanos = 500_000_000 }, Paths = { "/var/log/ä.log", "/b" } }, before.Etag);
        var after = await GetAsync();

        Assert.Equal((OperationKind.UpdateMonitoringConfig, OperationState.Succeeded), (response.Operation.Kind, response.Operation.State));
        Assert.Equal(response.Result, response.Operation.UpdateMonitoringConfig);
        Assert.Equal((response.Result.Config, response.Result.Etag), (after.Config, after.Etag));
        Assert.NotEqual(before.Etag, after.Etag);
        Assert.Equal((false, new Duration { Seconds = 2, Nanos = 500_000_000 }), (after.Config.Enabled, after.Config.Interval));
        Assert.Equal(["/var/log/ä.log", "/b"], after.Config.Paths);
        Assert.NotNull(after.Config.UpdateTime);
        Assert.Equal(1L, _service.Database.Scalar("SELECT count(*) FROM monitoring_config"));
    }

    [Fact]
    public async Task Update_that_leaves_fields_unset_means_their_defaults()
    {
        fixture.Forget();

        Assert.True((await UpdateAsync(new MonitoringConfig())).Result.Config.Enabled);
        Assert.False((await UpdateAsync(new MonitoringConfig { Enabled = false })).Result.Config.Enabled);

        Assert.Equal(new Duration { Seconds = 1 }, (await UpdateAsync(new MonitoringConfig { Enabled = true })).Result.Config.Interval);
        Assert.Equal(new Duration { Seconds = 1 }, (await UpdateAsync(new MonitoringConfig { Enabled = true, Interval = new Duration() })).Result.Config.Interval);
        Assert.Equal(new Duration { Nanos = 100_000_000 }, (await UpdateAsync(new MonitoringConfig { Interval = new Duration { Nanos = 100_000_000 } })).Result.Config.Interval);
    }

    [Fact]
    public async Task Update_without_enabled_means_the_default_and_switches_nothing_off()
    {
        fixture.Forget();

        Assert.True((await UpdateAsync(new MonitoringConfig { Paths = { "/a" } })).Result.Config.Enabled);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Update_with_an_old_etag_is_aborted_and_stores_nothing(bool validateOnly)
    {
        fixture.Forget();
        var old = (await GetAsync()).Etag;
        await UpdateAsync(new MonitoringConfig { Enabled = true, Paths = { "/first" } }, old);
        var stored = _service.Database.Content("monitoring_config");
        var request = new UpdateMonitoringConfigRequest { Etag = old, ValidateOnly = validateOnly, Config = new MonitoringConfig { Paths = { "/second" } } };

        var error = await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.EtagMismatch, async () => await _service.Maintenance.UpdateMonitoringConfigAsync(request));

        Assert.Equal("etag", error.Field);
        Assert.Equal(stored, _service.Database.Content("monitoring_config"));
    }

    [Fact]
    public async Task Etag_changes_when_another_program_changes_the_row()
    {
        fixture.Forget();
        var etag = (await UpdateAsync(new MonitoringConfig { Enabled = true })).Result.Etag;
        _service.Database.Execute("UPDATE monitoring_config SET config_data = json_set(config_data, '$.theirs', 1)");

        await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.EtagMismatch, () => UpdateAsync(new MonitoringConfig { Enabled = false }, etag));
    }

    [Fact]
    public async Task Of_two_updates_with_one_etag_one_is_stored()
    {
        fixture.Forget();
        var etag = (await GetAsync()).Etag;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Record.ExceptionAsync(() => UpdateAsync(new MonitoringConfig { Paths = { $"/{i}" } }, etag)).AsTask()));

        Assert.Single(outcomes, o => o is null);
        Assert.All(outcomes.OfType<RpcException>(), e => Expect.Error(StatusCode.Aborted, ErrorReasons.EtagMismatch, e));
        Assert.Equal(1L, _service.Database.Scalar("SELECT count(*) FROM monitoring_config"));
    }

    [Fact]
    public async Task Plan_tells_before_and_after_and_writes_nothing()
    {
        fixture.Forget();
        fixture.Store("""{"enabled": true, "legacy": [1]}""");
        var operations = _service.Database.Scalar("SELECT count(*) FROM maintenance_operations");
        var config = _service.Database.Content("monitoring_config");

        var request = new UpdateMonitoringConfigRequest { ValidateOnly = true, Config = new MonitoringConfig { Enabled = false, Paths = { "/planned" } } };
        var response = await _service.Maintenance.UpdateMonitoringConfigAsync(request);

        Assert.Null(response.Operation);
        Assert.True(response.Plan.Before.Enabled);
        Assert.False(response.Plan.After.Enabled);
        Assert.Equal(["/planned"], response.Plan.After.Paths);
        Assert.Equal(["legacy"], response.Plan.After.OtherSettings.Fields.Keys);
        Assert.Equal((operations, config), (_service.Database.Scalar("SELECT count(*) FROM maintenance_operations"), _service.Database.Content("monitoring_config")));
    }

    [Fact]
    public async Task Settings_of_the_original_are_shown_and_kept()
    {
        fixture.Forget();
        fixture.Store("""{"enabled": true, "max_concurrent_sources": 10, "buffer": {"size": 1000, "unit": "lines"}, "nothing": null, "names": ["ä", "b"], "big": 12345678901234567890}""");

        var shown = (await GetAsync()).Config;
        await UpdateAsync(new MonitoringConfig { Enabled = false, Paths = { "/a" }, OtherSettings = new Struct { Fields = { ["mine"] = Value.ForBool(true) } } });

        Assert.True(shown.Enabled);
        Assert.Equal(["big", "buffer", "max_concurrent_sources", "names", "nothing"], shown.OtherSettings.Fields.Keys.Order());
        Assert.Equal(1000, shown.OtherSettings.Fields["buffer"].StructValue.Fields["size"].NumberValue);
        // Kept as written, the number that no double holds included; what the caller put into an output-only field is not stored.
        Assert.Equal(
            ["""10|{"size":1000,"unit":"lines"}|null|["ä","b"]|12345678901234567890|0|["/a"]|NULL"""],
            _service.Database.Lines(
                """
                SELECT config_data -> 'max_concurrent_sources', config_data -> 'buffer', config_data -> 'nothing', json(config_data -> 'names'), config_data -> 'big', config_data ->> 'enabled',
                    config_data -> 'paths', config_data -> 'mine' FROM monitoring_config
                """));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[1, 2]")]
    [InlineData("\"text\"")]
    [InlineData("")]
    [InlineData("""{"a": 1, "a": 2}""")]
    [InlineData("""{"enabled": false, "enabled": true}""")]
    [InlineData("""{"big": 1e999, "interval_ms": -1e999}""")]
    [InlineData("""{"half": "\ud800", "\udc00": 1}""")]
    [InlineData("""{"interval_ms": "soon", "paths": "/a", "enabled": "yes"}""")]
    [InlineData("""{"interval_ms": 99, "paths": [1, null, {}]}""")]
    public async Task Stored_configuration_that_makes_no_sense_means_the_defaults_and_breaks_nothing(string stored)
    {
        fixture.Forget();
        fixture.Store(stored);

        var config = (await GetAsync()).Config;
        using var producer = await Producer.HelloAsync(_service, "nonsense");

        Assert.Equal((true, new Duration { Seconds = 1 }, 0), (config.Enabled, config.Interval, config.Paths.Count));
        Assert.True(producer.Welcome.Configuration.Monitoring.Enabled);
        Assert.Equal(["/mended"], (await UpdateAsync(new MonitoringConfig { Enabled = true, Paths = { "/mended" } })).Result.Config.Paths);
    }

    [Fact]
    public async Task Change_is_pushed_to_open_streams_whoever_made_it()
    {
        fixture.Forget();
        using var producer = await Producer.HelloAsync(_service, "pushed");
        Assert.True(producer.Welcome.Configuration.Monitoring.Enabled);

        await UpdateAsync(new MonitoringConfig { Enabled = false, Interval = new Duration { Seconds = 7 }, Paths = { "/pushed" } });
        var byService = await producer.ConfiguredAsync(c => !c.Monitoring.Enabled);
        Assert.Equal(["/pushed"], byService.Monitoring.Paths);
        Assert.Equal(new Duration { Seconds = 7 }, byService.Monitoring.Interval);

        _service.Database.Execute("UPDATE monitoring_config SET config_data = '{\"enabled\": true, \"paths\": [\"/by-hand\"]}'");
        var byHand = await producer.ConfiguredAsync(c => c.Monitoring.Enabled);
        Assert.Equal(["/by-hand"], byHand.Monitoring.Paths);

        _service.Database.Execute("INSERT INTO log_sources(source_name, path, enabled) VALUES ('pushed-source', '/pushed-source', 1)");
        await producer.ConfiguredAsync(c => c.Sources.Any(s => s is { SourceName: "pushed-source", Path: "/pushed-source", Enabled: true }));
        _service.Database.Execute("UPDATE log_sources SET enabled = 0 WHERE source_name = 'pushed-source'");
        await producer.ConfiguredAsync(c => c.Sources.Any(s => s is { SourceName: "pushed-source", Enabled: false }));
        await _service.Maintenance.SetLogSourceEnabledAsync(new SetLogSourceEnabledRequest { SourceName = "pushed-source", Enabled = true });
        await producer.ConfiguredAsync(c => c.Sources.Any(s => s is { SourceName: "pushed-source", Enabled: true }));
        Assert.Equal(1, (await producer.StoreAsync(Producer.Batch(1, Producer.Sample("pushed-source")))).Accepted);
    }

    private async Task<GetMonitoringConfigResponse> GetAsync() => await _service.Maintenance.GetMonitoringConfigAsync(new GetMonitoringConfigRequest());

    private async Task<UpdateMonitoringConfigResponse> UpdateAsync(MonitoringConfig config, string etag = "") =>
        await _service.Maintenance.UpdateMonitoringConfigAsync(new UpdateMonitoringConfigRequest { Config = config, Etag = etag });
}

/// <summary>A service whose settings its tests change, one after the other.</summary>
public sealed class MonitoringService : IAsyncLifetime
{
    public RunningService Service { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Service = await RunningService.StartAsync(environment: "Maintenance__Ingest__ConfigurationPoll=00:00:00.100");

    /// <summary>As if nobody had ever stored a configuration.</summary>
    public void Forget() => Service.Database.Execute("PRAGMA busy_timeout = 30000; DELETE FROM monitoring_config");

    /// <summary>Stores a configuration as another program does.</summary>
    public void Store(string json)
    {
        using var connection = Service.Database.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO monitoring_config(config_data) VALUES ($json)";
        command.Parameters.AddWithValue("$json", json);
        command.ExecuteNonQuery();
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}
