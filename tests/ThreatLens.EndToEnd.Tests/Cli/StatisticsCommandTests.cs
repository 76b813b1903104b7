using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>realtime-stats, notification-metrics, log-sources and restore-drill: the real command line against the real service.</summary>
public sealed class StatisticsCommandTests
{
    private static readonly string[] Window = ["--from", "2026-09-01", "--to", "2026-09-02"];

    [Fact]
    public async Task Statistics_are_shown_for_people_and_as_json()
    {
        await using var service = await RunningService.StartAsync();
        var without = await service.RunAsync("realtime-stats");
        Assert.Equal(1, without.Code);
        Assert.Contains("DATABASE_MISSING", without.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        AddRows(service);

        var realtime = await service.RunAsync(["realtime-stats", .. Window]);
        var steps = await service.RunAsync(["realtime-stats", "--step", "6h", "--output", "json", .. Window]);
        var notifications = await service.RunAsync(["notification-metrics", .. Window]);
        var filtered = await service.RunAsync(["notification-metrics", "--channel", "slack", "--output", "json", .. Window]);
        var nothing = await service.RunAsync("notification-metrics", "--last", "1h");
        var sources = await service.RunAsync("log-sources", "--status", "active");

        Assert.Equal(0, realtime.Code);
        Assert.Contains(realtime.Lines, line => line.StartsWith("Waiting for a notification", StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal));
        Assert.Contains("mean 1 s, 95 % within 1.5 s, of 2 events", realtime.Output, StringComparison.Ordinal);
        Assert.Equal([2L, 0, 0, 1], GetRealtimeStatisticsResponse.Parser.ParseJson(steps.Output).Steps.Select(s => s.Statistics.Events));
        Assert.Contains(notifications.Lines, line => Squeezed(line) == "email digest 3 1 0 0 75 %");
        Assert.Contains(notifications.Lines, line => Squeezed(line) == "slack digest 0 0 1 0 no data");
        Assert.Equal(1, Assert.Single(GetNotificationMetricsResponse.Parser.ParseJson(filtered.Output).Metrics).Pending);
        Assert.Contains("There are no notifications", nothing.Output, StringComparison.Ordinal);
        Assert.Equal(2, sources.Lines.Length);
        Assert.StartsWith("one ", sources.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_drill_says_whether_the_backup_can_be_relied_on()
    {
        await using var service = await RunningService.StartAsync();
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        Assert.Equal(1, (await service.RunAsync("restore-drill")).Code);
        AddRows(service);
        Assert.Equal(0, (await service.RunAsync("backup")).Code);
        var name = ListBackupsResponse.Parser.ParseJson((await service.RunAsync("backups", "--output", "json")).Output).Backups[0].Name;

        var plan = await service.RunAsync("restore-drill", "--plan");
        var passed = await service.RunAsync("restore-drill");
        Damage(Path.Combine(Path.GetDirectoryName(service.DatabasePath)!, "backups", name));
        var failed = await service.RunAsync("restore-drill", name);

        Assert.Equal(0, plan.Code);
        Assert.Contains(name, plan.Output, StringComparison.Ordinal);
        Assert.Equal(0, passed.Code);
        Assert.Contains($"{name} can be restored", passed.Output, StringComparison.Ordinal);
        Assert.Equal(3, failed.Code);
        Assert.Contains($"{name} cannot be relied on", failed.Output, StringComparison.Ordinal);
    }

    private static void AddRows(RunningService service) => new SqliteFile(service.DatabasePath).Execute(
        """
        INSERT INTO events(id, raw_log_id, timestamp, source, message, category, processing_time, realtime_processed, notification_sent) VALUES
            ('e1', 'r', '2026-09-01 01:00:00', 's', 'm', 'c', '0.5', 1, 0), ('e2', 'r', '2026-09-01T02:00:00.5', 's', 'm', 'c', '1.5', 1, 1), ('e3', 'r', '2026-09-01 23:59:59.999999', 's', 'm', 'c', 'n/a', 0, 0);
        INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) VALUES
            ('e1', 'digest', 'email', 'sent', '2026-09-01 01:00:00'), ('e1', 'digest', 'email', 'sent', '2026-09-01 02:00:00'), ('e1', 'digest', 'email', 'sent', '2026-09-01T03:00:00'),
            ('e1', 'digest', 'email', 'failed', '2026-09-01 04:00:00'), ('e1', 'digest', 'slack', 'pending', '2026-09-01 05:00:00');
        INSERT INTO log_sources(source_name, path, status) VALUES ('one', '/var/log/one.log', 'active'), ('two', '/var/log/two.log', 'error');
        """);

    private static void Damage(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = 4096 * 2;
        file.Write(new byte[4096 * 3]);
    }

    private static string Squeezed(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
