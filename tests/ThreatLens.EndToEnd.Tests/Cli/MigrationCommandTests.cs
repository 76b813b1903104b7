using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>status, migrate, rollback: the real command line against the real service.</summary>
public sealed class MigrationCommandTests
{
    [Fact]
    public async Task Schema_goes_up_down_and_up_again_and_status_says_so_each_time()
    {
        await using var service = await RunningService.StartAsync();

        var before = await service.RunAsync("status");
        Assert.Equal(3, before.Code);
        Assert.Contains("4 pending", before.Output, StringComparison.Ordinal);

        var partly = await service.RunAsync("migrate", "--to", "001");
        Assert.Equal(0, partly.Code);
        Assert.Contains("Applied 2 migrations: from nothing to 001_add_realtime_tables.", partly.Output, StringComparison.Ordinal);
        Assert.Equal(3, (await service.RunAsync("status")).Code);

        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        var upToDate = await service.RunAsync("status");
        Assert.Equal(0, upToDate.Code);
        Assert.Contains("up to date", upToDate.Output, StringComparison.Ordinal);
        Assert.Contains(service.DatabasePath, upToDate.Output, StringComparison.Ordinal);

        var again = await service.RunAsync("migrate");
        Assert.Equal(0, again.Code);
        Assert.Contains("Nothing was pending", again.Output, StringComparison.Ordinal);

        var down = await service.RunAsync("rollback", "--to", "001");
        Assert.Equal(0, down.Code);
        Assert.Contains("Undid 2 migrations", down.Output, StringComparison.Ordinal);
        Assert.Equal(3, (await service.RunAsync("status")).Code);
    }

    [Fact]
    public async Task Json_is_the_response_of_the_contract_and_nothing_else()
    {
        await using var service = await RunningService.StartAsync();

        var migrate = await service.RunAsync("migrate", "--output", "json", "--caller", "the test");
        var status = await service.RunAsync("status", "--output", "json");
        var rollback = await service.RunAsync("rollback", "--steps", "2", "-o", "json");

        var migrated = MigrateResponse.Parser.ParseJson(Assert.Single(migrate.Lines));
        Assert.Equal("003_optimize_realtime_indexes", migrated.Result.ToVersion);
        Assert.Equal("the test", migrated.Operation.Caller.Name);
        Assert.True(StatusResponse.Parser.ParseJson(Assert.Single(status.Lines)).UpToDate);
        Assert.Contains("\"upToDate\": true", status.Output, StringComparison.Ordinal);
        var undone = RollbackResponse.Parser.ParseJson(Assert.Single(rollback.Lines)).Result;
        Assert.Equal(["003_optimize_realtime_indexes", "002_add_realtime_fields"], undone.Undone.Select(migration => migration.Version));
    }

    [Fact]
    public async Task Late_version_and_versions_stood_on_need_their_option()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate");

        var refused = await service.RunAsync("rollback", "--version", "002");
        var undone = await service.RunAsync("rollback", "--version", "002", "--cascade");
        var wrong = await service.RunAsync("rollback", "--to", "000", "--cascade");
        new SqliteFile(service.DatabasePath).Execute("DELETE FROM schema_migrations WHERE version LIKE '000%'");
        var late = await service.RunAsync("migrate");
        var allowed = await service.RunAsync("migrate", "--order", "allow");

        Assert.Contains("LATER_VERSIONS_APPLIED", refused.Error, StringComparison.Ordinal);
        Assert.Contains("Undid 2 migrations", undone.Output, StringComparison.Ordinal);
        Assert.Equal(2, wrong.Code);
        Assert.Contains("VERSION_OUT_OF_ORDER", late.Error, StringComparison.Ordinal);
        Assert.Contains("Applied 3 migrations", allowed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Same_request_id_is_the_same_operation()
    {
        await using var service = await RunningService.StartAsync();

        var first = await service.RunAsync("migrate", "--request-id", "once", "--output", "json");
        var second = await service.RunAsync("migrate", "--request-id", "once", "--output", "json");
        var other = await service.RunAsync("migrate", "--request-id", "once", "--to", "001");

        Assert.Equal(0, second.Code);
        Assert.Equal(
            MigrateResponse.Parser.ParseJson(first.Output).Operation.Id, MigrateResponse.Parser.ParseJson(second.Output).Operation.Id);
        Assert.Equal(2, other.Code);
        Assert.Contains("REQUEST_ID_REUSED", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_version_is_exit_code_2_and_names_field_and_known_versions()
    {
        await using var service = await RunningService.StartAsync();

        var result = await service.RunAsync("migrate", "--to", "999");

        Assert.Equal(2, result.Code);
        Assert.Contains("UNKNOWN_VERSION", result.Error, StringComparison.Ordinal);
        Assert.Contains("target_version", result.Error, StringComparison.Ordinal);
        Assert.Contains("003_optimize_realtime_indexes", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_rollback_is_exit_code_1_and_names_the_reason_and_the_operation()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate");

        var result = await service.RunAsync("rollback", "--version", "001");

        Assert.Equal(1, result.Code);
        Assert.Contains("LATER_VERSIONS_APPLIED", result.Error, StringComparison.Ordinal);
        Assert.Matches("operation +[0-9a-f]{32}", result.Error);
        Assert.Empty(result.Output);
        Assert.Equal(0, (await service.RunAsync("status")).Code);
    }

    [Fact]
    public async Task Database_that_another_process_writes_to_is_exit_code_4_and_the_same_command_works_afterwards()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate", "--to", "001");

        using (var connection = new SqliteFile(service.DatabasePath).Open())
        using (connection.BeginTransaction(deferred: false))
        {
            var refused = await service.RunAsync("migrate");
            Assert.Equal(4, refused.Code);
            Assert.Contains("DATABASE_LOCKED", refused.Error, StringComparison.Ordinal);
            Assert.Contains("try again", refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        Assert.Equal(0, (await service.RunAsync("status")).Code);
    }
}
