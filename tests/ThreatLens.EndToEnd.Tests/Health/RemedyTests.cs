using System.Reflection;
using ThreatLens.Maintenance.Health;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Health;

/// <summary>The command that a finding names, given as it stands, clears the finding: the real command line against the real service.</summary>
public sealed class RemedyTests : RemedyTestBase
{
    [Fact]
    public void Every_rule_with_a_command_is_followed_by_a_test()
    {
        var followed = typeof(RemedyTests).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FactAttribute>() is not null)
            .SelectMany(method => method.GetCustomAttribute<ClearsAttribute>()?.Findings ?? []);

        Assert.Equal(HealthRules.All.Where(rule => rule.Command.Length > 0).Select(rule => rule.Id).Order(), followed.Distinct().Order());
    }

    [Fact]
    [Clears(
        "schema.pending", "ingest.schema_not_ready", "schema.drift", "storage.free_pages", "storage.wal_large", "log_sources.error", "log_sources.unwatched", "performance.plan_regression", "backups.none",
        "retention.behind", "backups.not_rehearsed")]
    public async Task Commands_clear_the_findings_of_a_neglected_database()
    {
        Settings["Maintenance__Health__WalWarning"] = "1048576";
        Settings["Maintenance__Optimization__Queries__0"] = "SELECT * FROM notification_history WHERE status = $status";
        await using var service = await StartAsync();
        await service.WaitForHealthAsync();
        await FollowAsync(service, ["schema.pending", "ingest.schema_not_ready"]);
        // Who drops a table does not undo its migration: that one is not run again.
        File.Execute("DROP TABLE processing_metrics");
        await FollowAsync(service, ["ingest.schema_not_ready"]);
        // While somebody has the file open, whoever closes it does not move the log into it.
        using var somebody = File.Open();
        using var look = somebody.CreateCommand();
        look.CommandText = "SELECT count(*) FROM events";
        look.ExecuteScalar();
        File.Execute(
            """
            DROP INDEX idx_processing_metrics_type;
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES ('e', 'r', strftime('%Y-%m-%d %H:%M:%S'), 's', 'm', 'c');
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', strftime('%Y-%m-%d %H:%M:%S', 'now', '-40 days'));
            INSERT INTO log_sources(source_name, path, enabled, status, error_message) VALUES
                ('plain', '/logs/plain', 1, 'error', 'Permission denied'), ('it''s "torn"; $HOME \ * `x` (!)', '/logs/torn', 1, 'error', 'Permission denied'),
                ('@left', '/logs/left', 1, 'inactive', NULL), ('--left over', '/logs/over', 1, 'inactive', NULL), ('-l', '/logs/l', 1, 'inactive', NULL), ('größe', '/logs/size', 1, 'inactive', NULL);
            CREATE TABLE ballast(b); INSERT INTO ballast VALUES (zeroblob(90000000)); DROP TABLE ballast;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) SELECT 'e' || i, 't', 'c', 'sent', strftime('%Y-%m-%d %H:%M:%S') FROM n;
            ANALYZE;
            UPDATE sqlite_stat1 SET stat = '2000000 2000000 2000000 2000000' WHERE tbl = 'notification_history' AND idx IS NOT NULL;
            """);

        await FollowAsync(
            service, ["schema.drift", "storage.free_pages", "storage.wal_large", "log_sources.error", "log_sources.unwatched", "performance.plan_regression", "backups.none", "retention.behind"]);
        await FollowAsync(service, ["backups.not_rehearsed"]);

        Assert.Empty(await FindingsAsync(service));
        AssertFollowed();
    }

    [Fact]
    [Clears("integrity.damaged")]
    public async Task Restore_that_damage_names_clears_it()
    {
        await using (var before = await StartAsync())
        {
            await before.WaitForHealthAsync();
            await RunAsync(before, 0, "migrate");
            await RunAsync(before, 0, "backup");
            await RunAsync(before, 0, "restore-drill");
            await before.StopAsync();
        }

        Damage(File, "ai_analysis");
        await using var service = await StartAsync();

        await FollowAsync(service, ["integrity.damaged"]);
        AssertFollowed();
    }

    private static void Damage(SqliteFile file, string table)
    {
        var root = (long)file.Scalar($"SELECT rootpage FROM sqlite_master WHERE name = '{table}'")!;
        var size = (long)file.Scalar("PRAGMA page_size")!;
        file.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        using var stream = new FileStream(file.Path, FileMode.Open);
        stream.Position = (root - 1) * size;
        stream.Write([.. Enumerable.Repeat((byte)0xA5, 200)]);
    }
}
