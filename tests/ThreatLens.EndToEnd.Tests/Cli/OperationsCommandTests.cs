using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>operations, monitoring-config, log-source, health-report: the real command line against the real service.</summary>
public sealed class OperationsCommandTests
{
    [Fact]
    public async Task Operations_lists_newest_first_filters_and_limits()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate");
        await service.RunAsync("rollback");
        await service.RunAsync("rollback", "--version", "003");

        var all = await ListAsync(service);
        var failed = await ListAsync(service, "--kind", "rollback", "--state", "failed");
        var limited = await service.RunAsync("operations", "--limit", "1", "--output", "json");
        var table = await service.RunAsync("operations");

        Assert.Equal(
            [OperationKind.Rollback, OperationKind.Rollback, OperationKind.Migrate], all.Operations.Select(operation => operation.Kind));
        Assert.Equal("VERSION_NOT_APPLIED", Assert.Single(failed.Operations).Error.Reason);
        Assert.Single(ListOperationsResponse.Parser.ParseJson(limited.Output).Operations);
        Assert.Contains("--limit", limited.Error, StringComparison.Ordinal);
        Assert.All(all.Operations, operation => Assert.Contains(operation.Id, table.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Operation_is_shown_by_its_id_and_an_unknown_one_is_exit_code_1()
    {
        await using var service = await RunningService.StartAsync();
        var id = MigrateResponse.Parser.ParseJson((await service.RunAsync("migrate", "-o", "json")).Output).Operation.Id;

        var shown = await service.RunAsync("operations", "get", id);
        var unknown = await service.RunAsync("operations", "get", "0123456789abcdef0123456789abcdef");
        var ended = await service.RunAsync("operations", "cancel", id);

        Assert.Equal(0, shown.Code);
        Assert.Contains("succeeded", shown.Output, StringComparison.Ordinal);
        Assert.Contains("001_add_realtime_tables", shown.Output, StringComparison.Ordinal);
        Assert.Equal(1, unknown.Code);
        Assert.Contains("OPERATION_NOT_FOUND", unknown.Error, StringComparison.Ordinal);
        Assert.Equal(1, ended.Code);
        Assert.Contains("OPERATION_ENDED", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Monitoring_config_set_changes_what_is_given_and_leaves_the_rest()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate");

        var first = await service.RunAsync("monitoring-config", "set", "--interval", "2s", "--path", "/var/log/a.log", "--path", "/var/log/b.log");
        var second = await service.RunAsync("monitoring-config", "set", "--enabled", "false");
        var stale = await service.RunAsync("monitoring-config", "set", "--enabled", "true", "--etag", "stale");
        var shown = await service.RunAsync("monitoring-config", "--output", "json");

        Assert.Equal(0, first.Code);
        Assert.Equal(0, second.Code);
        Assert.Equal(1, stale.Code);
        Assert.Contains("ETAG_MISMATCH", stale.Error, StringComparison.Ordinal);
        var config = GetMonitoringConfigResponse.Parser.ParseJson(shown.Output).Config;
        Assert.False(config.Enabled);
        Assert.Equal(TimeSpan.FromSeconds(2), config.Interval.ToTimeSpan());
        Assert.Equal(["/var/log/a.log", "/var/log/b.log"], config.Paths);
    }

    [Fact]
    public async Task Monitoring_config_set_without_a_change_is_exit_code_2()
    {
        var result = await CliProcess.RunAsync(address: null, "monitoring-config", "set");

        Assert.Equal(2, result.Code);
        Assert.Contains("Nothing to change", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_source_that_nobody_reported_is_exit_code_1()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate");

        var result = await service.RunAsync("log-source", "disable", "nowhere.log");

        Assert.Equal(1, result.Code);
        Assert.Contains("LOG_SOURCE_NOT_FOUND", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_report_of_a_schema_that_is_behind_is_exit_code_3_and_says_what_to_do()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate", "--to", "001");

        var result = await service.RunAsync("health-report", "--sections", "schema,tables");
        var json = await service.RunAsync("health-report", "--sections", "schema", "--output", "json");

        Assert.Equal(3, result.Code);
        Assert.Contains("SCHEMA WARNING", result.Output, StringComparison.Ordinal);
        Assert.Contains("threatlens migrate", result.Output, StringComparison.Ordinal);
        Assert.Contains("processing_metrics", result.Output, StringComparison.Ordinal);
        Assert.Equal(HealthSectionKind.Schema, Assert.Single(HealthReportResponse.Parser.ParseJson(json.Output).Sections).Kind);
    }

    private static async Task<ListOperationsResponse> ListAsync(RunningService service, params string[] arguments) =>
        ListOperationsResponse.Parser.ParseJson((await service.RunAsync(["operations", "--output", "json", .. arguments])).Output);
}
