using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>--plan, --etag, --allow, --rehearse, --max-values-lost: the real command line against the real service.</summary>
public sealed class PlanCommandTests
{
    [Fact]
    public async Task Migrate_is_planned_rehearsed_and_run_as_planned()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate", "--to", "001");

        var plan = await service.RunAsync("migrate", "--to", "002", "--plan");
        var rehearsed = await service.RunAsync("migrate", "--to", "002", "--plan", "--rehearse");
        var json = MigrateResponse.Parser.ParseJson((await service.RunAsync("migrate", "--to", "002", "--plan", "--output", "json")).Output);
        var stale = await service.RunAsync("migrate", "--etag", json.Plan.Etag);
        var run = await service.RunAsync("migrate", "--to", "002", "--etag", json.Plan.Etag);
        var nothing = await service.RunAsync("migrate", "--to", "002", "--plan");

        Assert.Equal(0, plan.Code);
        Assert.Contains("Would run 1 migration: from 001_add_realtime_tables to 002_add_realtime_fields.", plan.Output, StringComparison.Ordinal);
        Assert.Contains("ALTER TABLE events ADD COLUMN processing_time VARCHAR(50);", plan.Output, StringComparison.Ordinal);
        Assert.Contains($"threatlens migrate --to 002 --etag {json.Plan.Etag}", plan.Output, StringComparison.Ordinal);
        Assert.Equal((null, 1), (json.Operation, json.Plan.Steps.Count));
        Assert.Equal(0, rehearsed.Code);
        Assert.Contains("The rehearsal passed", rehearsed.Output, StringComparison.Ordinal);
        Assert.Equal(1, stale.Code);
        Assert.Contains("ETAG_MISMATCH", stale.Error, StringComparison.Ordinal);
        Assert.Contains("Applied 1 migration", run.Output, StringComparison.Ordinal);
        Assert.Contains("There is nothing to do", nothing.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rollback_says_what_it_would_lose_and_what_to_type_next()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate");
        new SqliteFile(service.DatabasePath).Execute("INSERT INTO events (id, raw_log_id, timestamp, source, message, category) VALUES ('e', 'r', '2026-11-01 12:00:00.000000', 's', 'm', 'c')");

        var plan = await service.RunAsync("rollback", "--to", "001", "--plan");
        var refused = await service.RunAsync("rollback", "--to", "001");
        var tooFew = await service.RunAsync("rollback", "--to", "001", "--max-values-lost", "1");
        var undone = await service.RunAsync("rollback", "--to", "001", "--max-values-lost", "2");

        Assert.Equal(0, plan.Code);
        Assert.Contains("2 values (events.realtime_processed: 1; events.notification_sent: 1)", plan.Output, StringComparison.Ordinal);
        Assert.Matches("threatlens rollback --to 001 --etag [0-9a-f]{64} --max-values-lost 2", plan.Output);
        Assert.Equal((1, 1), (refused.Code, tooFew.Code));
        Assert.Contains("VALUES_WOULD_BE_LOST", refused.Error, StringComparison.Ordinal);
        Assert.Contains("add: --max-values-lost 2", refused.Error, StringComparison.Ordinal);
        Assert.Contains("Undid 2 migrations: from 003_optimize_realtime_indexes to 001_add_realtime_tables. 2 values lost.", undone.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_shows_the_hooks_that_would_run_behind_the_migrations()
    {
        using var scripts = new TemporaryFolder();
        File.WriteAllText(scripts.File("beforeEachMigrate.sql"), "CREATE TABLE IF NOT EXISTS seen (at TEXT);");
        File.WriteAllText(scripts.File("afterRollback.sql"), "DROP TABLE seen;");
        await using var service = await RunningService.StartAsync(scripts: scripts.Path);

        var up = await service.RunAsync("migrate", "--plan");

        Assert.Equal(0, up.Code);
        Assert.Contains("CREATE TABLE IF NOT EXISTS seen (at TEXT);", up.Output[up.Output.IndexOf("beforeEachMigrate.sql (hook, with each migration, its rows in all)", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain("afterRollback.sql", up.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_rule_is_exit_code_2_and_lists_the_known_ones()
    {
        await using var service = await RunningService.StartAsync();

        var result = await service.RunAsync("migrate", "--plan", "--allow", "pragma,everything");

        Assert.Equal(2, result.Code);
        Assert.Contains("allow[1]", result.Error, StringComparison.Ordinal);
        Assert.Contains("drop-column-with-data", result.Error, StringComparison.Ordinal);
    }
}
