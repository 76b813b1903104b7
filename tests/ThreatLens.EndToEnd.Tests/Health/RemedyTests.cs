using Grpc.Net.Client;
using ThreatLens.EndToEnd.Tests.Cli;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Health;

/// <summary>The command that a finding names, given as it stands, clears the finding: the real command line against the real service.</summary>
public sealed class RemedyTests
{
    private static readonly Dictionary<string, string?> Settings = new()
    {
        ["Maintenance__MigrateOnStartup"] = "false",
        ["Maintenance__Health__MaxCountAge"] = "00:00:01",
        ["Maintenance__Health__WalWarning"] = "1048576",
        ["Maintenance__Statistics__SampleInterval"] = "00:00:01",
        ["Maintenance__Statistics__MaxLoad"] = "0.5",
        ["Maintenance__Optimization__Queries__0"] = "SELECT * FROM notification_history WHERE status = $status",
    };

    [Fact]
    public async Task Commands_of_all_findings_clear_them()
    {
        using var folder = new TemporaryFolder();
        var file = new SqliteFile(folder.File("threatlens.db"));
        await using var service = await MaintenanceProcess.StartAsync(file.Path, Settings);
        await service.WaitForHealthAsync();
        await FollowAsync(service, "schema.pending", "ingest.schema_not_ready");
        // While somebody has the file open, whoever closes it does not move the log into it.
        using var somebody = file.Open();
        using var look = somebody.CreateCommand();
        look.CommandText = "SELECT count(*) FROM events";
        look.ExecuteScalar();
        file.Execute(
            """
            DROP INDEX idx_processing_metrics_type;
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES ('e', 'r', strftime('%Y-%m-%d %H:%M:%S'), 's', 'm', 'c');
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', strftime('%Y-%m-%d %H:%M:%S', 'now', '-40 days'));
            INSERT INTO log_sources(source_name, path, enabled, status, error_message) VALUES ('torn', '/logs/torn', 1, 'error', 'Permission denied'), ('left', '/logs/left', 1, 'inactive', NULL);
            CREATE TABLE ballast(b); INSERT INTO ballast VALUES (zeroblob(90000000)); DROP TABLE ballast;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) SELECT 'e' || i, 't', 'c', 'sent', strftime('%Y-%m-%d %H:%M:%S') FROM n;
            ANALYZE;
            UPDATE sqlite_stat1 SET stat = '2000000 2000000 2000000 2000000' WHERE tbl = 'notification_history' AND idx IS NOT NULL;
            """);

        await FollowAsync(
            service, "schema.drift", "storage.free_pages", "storage.wal_large", "log_sources.error", "log_sources.unwatched", "performance.plan_regression", "backups.none", "retention.behind");
        await FollowAsync(service, "backups.not_rehearsed");

        Assert.Empty(await FindingsAsync(service));
    }

    [Fact]
    public async Task Restore_that_damage_names_clears_it()
    {
        using var folder = new TemporaryFolder();
        var file = new SqliteFile(folder.File("threatlens.db"));
        await using (var before = await MaintenanceProcess.StartAsync(file.Path, Settings))
        {
            await before.WaitForHealthAsync();
            Assert.Equal(0, (await CliProcess.RunAsync(before.Grpc, "migrate")).Code);
            Assert.Equal(0, (await CliProcess.RunAsync(before.Grpc, "backup")).Code);
            Assert.Equal(0, (await CliProcess.RunAsync(before.Grpc, "restore-drill")).Code);
            await before.StopAsync();
        }

        Damage(file, "ai_analysis");
        await using var service = await MaintenanceProcess.StartAsync(file.Path, Settings);

        await FollowAsync(service, "integrity.damaged");
    }

    /// <summary>Waits until there are these findings, gives the commands of all that there are, and waits until these are gone.</summary>
    private static async Task FollowAsync(MaintenanceProcess service, params string[] ids)
    {
        IReadOnlyList<HealthFinding> seen = [];
        string Seen() => string.Join(", ", seen.Select(f => f.Id));
        var findings = await Eventually.AsyncUntil(async () => seen = await FindingsAsync(service), found => ids.All(id => found.Any(f => f.Id == id)), $"findings {string.Join(", ", ids)}", Seen);
        foreach (var command in findings.Where(f => ids.Contains(f.Id)).Select(f => f.Command).Distinct())
        {
            Assert.StartsWith("threatlens ", command, StringComparison.Ordinal);
            // What a restore loses has to be confirmed by whoever gives the command.
            string[] confirmation = command.StartsWith("threatlens restore ", StringComparison.Ordinal) ? ["--max-rows-lost", "0"] : [];
            var result = await CliProcess.RunAsync(service.Grpc, [.. command.Split(' ')[1..], .. confirmation]);
            Assert.True(result.Code == 0, $"{command}: {result.Code}\n{result.Output}\n{result.Error}");
        }

        await Eventually.AsyncUntil(async () => seen = await FindingsAsync(service), found => !found.Any(f => ids.Contains(f.Id)), $"no more of {string.Join(", ", ids)}", Seen);
    }

    private static async Task<IReadOnlyList<HealthFinding>> FindingsAsync(MaintenanceProcess service)
    {
        using var channel = GrpcChannel.ForAddress(service.Grpc);
        using var call = new DatabaseMaintenance.DatabaseMaintenanceClient(channel).HealthReport(new HealthReportRequest());
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        return [.. call.ResponseStream.Current.Sections.SelectMany(s => s.Findings)];
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
