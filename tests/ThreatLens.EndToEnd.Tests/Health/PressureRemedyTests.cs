using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Health;

/// <summary>Remedies for what is full, for what stopped half way, and for what hangs.</summary>
public sealed class PressureRemedyTests : RemedyTestBase
{
    [Fact]
    [Clears("schema.unfinished", "storage.budget_nearly_full", "retention.over_size", "operations.stalled")]
    public async Task Commands_clear_the_findings_of_a_database_in_trouble()
    {
        // Of 64 MiB nine tenths are to be free, and retention is to keep below 2 MiB: metrics of 8 MB are too many for both.
        Settings["Maintenance__Database__MaxBytes"] = "67108864";
        Settings["Maintenance__Health__FreeDiskWarning"] = "0.9";
        Settings["Maintenance__Retention__MaxDatabaseBytes"] = "2097152";
        Settings["Maintenance__Health__OperationStall"] = "00:00:03";
        Settings["Maintenance__Optimization__MaxWriteLock"] = "00:00:00.001";
        Settings["Maintenance__Optimization__Pause"] = "00:00:01";
        Settings["Maintenance__Database__BusyTimeout"] = "00:05:00";
        Settings["Maintenance__Migrations__Path"] = MakeScripts();
        await using var service = await StartAsync();
        await service.WaitForHealthAsync();
        await RunAsync(service, 0, "migrate", "--to", "003");
        File.Execute("CREATE TABLE second(x)");
        await RunAsync(service, 1, "migrate");
        File.Execute("DROP TABLE second");
        await FollowAsync(service, ["schema.unfinished"]);

        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
                INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp, metric_metadata)
                SELECT 's', 't', '1', strftime('%Y-%m-%d %H:%M:%S', 'now', -i || ' seconds'), hex(zeroblob(1000)) FROM n;
            """);
        // One command clears both: what is beyond a limit of retention is what a cleanup deletes.
        await FollowAsync(service, ["storage.budget_nearly_full", "retention.over_size"]);

        await StallAsync(service);
        AssertFollowed();
    }

    /// <summary>An optimization of minutes: a few pages a second. In one of its pauses somebody takes the write lock.</summary>
    private async Task StallAsync(Testing.Processes.MaintenanceProcess service)
    {
        File.Execute("CREATE TABLE ballast(b); INSERT INTO ballast VALUES (zeroblob(40000000)); DROP TABLE ballast;");
        await RunAsync(service, 0, "optimize", "--wait-timeout", "0");
        using var somebody = File.Open();
        using var hold = somebody.CreateCommand();
        hold.CommandText = "BEGIN IMMEDIATE";
        hold.ExecuteNonQuery();
        using var letGo = somebody.CreateCommand();
        letGo.CommandText = "ROLLBACK";

        await FollowAsync(service, ["operations.stalled"], () => letGo.ExecuteNonQuery());

        await Eventually.Equal("Cancelled", () => File.Scalar("SELECT state FROM maintenance_operations WHERE kind = 'Optimize' ORDER BY id DESC"));
    }

    private string MakeScripts()
    {
        var scripts = Directory.CreateDirectory(Folder.File("scripts")).FullName;
        System.IO.File.WriteAllText(Path.Combine(scripts, "1000_two.up.sql"), "-- threatlens: no-transaction\nCREATE TABLE first(x);\nCREATE TABLE second(x);\n");
        System.IO.File.WriteAllText(Path.Combine(scripts, "1000_two.down.sql"), "DROP TABLE second;\nDROP TABLE first;\n");
        return scripts;
    }
}
