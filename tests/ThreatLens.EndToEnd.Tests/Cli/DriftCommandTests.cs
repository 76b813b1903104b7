using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>validate, repair: the real command line against the real service.</summary>
public sealed class DriftCommandTests
{
    [Fact]
    public async Task Drift_is_found_planned_and_mended_and_exit_codes_say_so()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate");
        Assert.Equal(0, (await service.RunAsync("validate")).Code);
        new SqliteFile(service.DatabasePath).Execute("DROP INDEX idx_reports_date");

        var found = await service.RunAsync("validate");
        var plan = await service.RunAsync("repair", "--plan");
        var planned = RepairResponse.Parser.ParseJson((await service.RunAsync("repair", "--plan", "--output", "json")).Output).Plan;
        var stale = await service.RunAsync("repair", "--etag", "stale");
        var repaired = await service.RunAsync("repair", "--etag", planned.Etag);
        var again = await service.RunAsync("repair");

        Assert.Equal(3, found.Code);
        Assert.Contains("index idx_reports_date", found.Output, StringComparison.Ordinal);
        Assert.Equal(0, plan.Code);
        Assert.Contains("CREATE INDEX idx_reports_date", plan.Output, StringComparison.Ordinal);
        Assert.Contains(planned.Etag, plan.Output, StringComparison.Ordinal);
        Assert.Equal(1, stale.Code);
        Assert.Contains("ETAG_MISMATCH", stale.Error, StringComparison.Ordinal);
        Assert.Equal(0, repaired.Code);
        Assert.Contains("Mended 1 difference.", repaired.Output, StringComparison.Ordinal);
        Assert.Contains("nothing to repair", again.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await service.RunAsync("validate")).Code);
        Assert.Contains("repair", (await service.RunAsync("operations")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Edited_version_is_realigned_by_name()
    {
        await using var service = await RunningService.StartAsync();
        await service.RunAsync("migrate", "--to", "002");
        new SqliteFile(service.DatabasePath).Execute("UPDATE schema_migrations SET checksum = 'edited' WHERE version LIKE '001%'");

        var found = await service.RunAsync("validate");
        var refused = await service.RunAsync("migrate");
        var unknown = await service.RunAsync("repair", "--realign", "042");
        var repaired = await service.RunAsync("repair", "--realign", "001", "--output", "json");

        Assert.Equal(3, found.Code);
        Assert.Contains("script-changed 001_add_realtime_tables", found.Output, StringComparison.Ordinal);
        Assert.Contains("CHECKSUM_MISMATCH", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, unknown.Code);
        Assert.Equal(["001_add_realtime_tables"], RepairResponse.Parser.ParseJson(repaired.Output).Result.RealignedVersions);
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
    }
}
