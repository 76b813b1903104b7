using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Health;

/// <summary>Remedies on a database of the original application, and of its backups.</summary>
public sealed class LegacyRemedyTests : RemedyTestBase
{
    private string Backups => Folder.File("backups");

    [Fact]
    [Clears(
        "schema.not_adopted", "schema.changed", "storage.free_pages", "log_sources.silent", "backups.old", "backups.unverified", "backups.failed", "backups.drill_failed")]
    public async Task Commands_clear_the_findings_of_an_old_database()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        Settings["Maintenance__Health__IngestSilence"] = "00:10:00";
        await using var service = await StartAsync();
        await service.WaitForHealthAsync();
        await FollowAsync(service, ["schema.not_adopted"]);
        // One metric a minute until half an hour ago, of a source that is watched; room that a file with auto_vacuum=NONE does not give back.
        File.Execute(
            """
            UPDATE schema_migrations SET checksum = 'of another script' WHERE version LIKE '003%';
            CREATE TABLE ballast(b); INSERT INTO ballast VALUES (zeroblob(90000000)); DROP TABLE ballast;
            INSERT INTO log_sources(source_name, path, enabled, status, last_monitored, created_at, updated_at) VALUES ('no longer', '/logs/no', 1, 'active', strftime('%Y-%m-%d %H:%M:%S'), strftime('%Y-%m-%d %H:%M:%S'), strftime('%Y-%m-%d %H:%M:%S'));
            WITH RECURSIVE n(i) AS (SELECT 30 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
                INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 'no longer', 't', '1', strftime('%Y-%m-%d %H:%M:%S', 'now', -i || ' minutes') FROM n;
            """);
        await FollowAsync(service, ["schema.changed", "storage.free_pages", "log_sources.silent"]);

        AgeNewestBackup();
        await FollowAsync(service, ["backups.old", "backups.unverified"]);

        Directory.Move(Backups, Folder.File("aside"));
        await System.IO.File.WriteAllTextAsync(Backups, "");
        await RunAsync(service, 1, "backup");
        System.IO.File.Delete(Backups);
        Directory.Move(Folder.File("aside"), Backups);
        await FollowAsync(service, ["backups.failed"]);

        await using (var backup = System.IO.File.OpenWrite(NewestBackup()))
            backup.SetLength(backup.Length / 2);
        await RunAsync(service, 3, "restore-drill");
        await FollowAsync(service, ["backups.drill_failed"]);
        AssertFollowed();
    }

    /// <summary>The others go, this one is of years ago and has lost what was said of it.</summary>
    private void AgeNewestBackup()
    {
        var newest = NewestBackup();
        foreach (var file in Directory.GetFiles(Backups).Where(f => f != newest && !Path.GetFileName(f).StartsWith('.')))
            System.IO.File.Delete(file);
        var parts = Path.GetFileName(newest).Split('-');
        parts[1] = "20200101";
        System.IO.File.Move(newest, Path.Combine(Backups, string.Join('-', parts)));
    }

    private string NewestBackup() => Directory.GetFiles(Backups, "*.db").Max(StringComparer.Ordinal)!;
}
