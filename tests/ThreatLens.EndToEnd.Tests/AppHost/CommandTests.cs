using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;
namespace ThreatLens.EndToEnd.Tests.AppHost;

/// <summary>Commands typed to the built-in host.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task Commands_answer_and_refuse_by_name()
    {
        await using var host = await RunningAppHost.StartAsync();
        await host.LineAsync("Everything is up");

        host.Type("help");
        await host.LineAsync("maintenance rollback [version=...] [to=...] [maxValuesLost=...]");
        host.Type("  ");
        host.Type("frobnicate");
        await host.LineAsync("There is no command 'frobnicate'");
        host.Type("maintenance frobnicate");
        await host.LineAsync("maintenance has no command 'frobnicate'");
        host.Type("maintenance migrate speed=11");
        await host.LineAsync("maintenance migrate: failed: 'migrate' has no argument 'speed'");
        host.Type("maintenance rollback");
        await host.LineAsync("maintenance rollback: failed: Say either");
        host.Type("maintenance rollback to=001 maxValuesLost=few");
        await host.LineAsync("maintenance rollback: failed: 'few' is no number");
        host.Type("exit");

        Assert.Equal(0, await host.EndAsync());
    }

    [Fact]
    public async Task Commands_migrate_down_and_up_through_the_service()
    {
        await using var host = await RunningAppHost.StartAsync();
        await host.LineAsync("Everything is up");

        host.Type("maintenance status");
        await host.LineAsync("maintenance status: done: The schema is up to date.");
        await host.LineAsync("| 003_optimize_realtime_indexes | Applied |");
        host.Type("maintenance rollback version=003");
        await host.LineAsync("maintenance rollback: done: Undid 003_optimize_realtime_indexes");
        host.Type("maintenance status");
        await host.LineAsync("| 003_optimize_realtime_indexes | Pending |");
        host.Type("maintenance plan");
        await host.LineAsync("maintenance plan: done: Migrate would run 003_optimize_realtime_indexes.");
        await host.LineAsync("`CREATE INDEX IF NOT EXISTS idx_events_timestamp_severity ON events(timestamp) WHERE realtime_processed = 1;` |");
        new SqliteFile(host.DatabasePath).Execute("INSERT INTO events (id, raw_log_id, timestamp, source, message, category) VALUES ('e', 'r', '2026-11-01 12:00:00.000000', 's', 'm', 'c')");
        host.Type("maintenance rollback to=001");
        await host.LineAsync("Here that is maxValuesLost=2.");
        host.Type("maintenance rollback to=001 maxValuesLost=2");
        await host.LineAsync("maintenance rollback: done: Undid 002_add_realtime_fields");
        host.Type("maintenance migrate target=002");
        await host.LineAsync("maintenance migrate: done: Applied 002_add_realtime_fields");
        host.Type("maintenance migrate");
        await host.LineAsync("maintenance migrate: done: Applied 003_optimize_realtime_indexes");
        host.Type("maintenance migrate target=999");
        await host.LineAsync("maintenance migrate: failed: InvalidArgument");
        host.Type("maintenance optimize");
        await host.LineAsync("maintenance optimize: done: Gave back");
        host.Type("maintenance schedules");
        await host.LineAsync("| backup | 0 0 2 * * ? UTC |");
        host.Type("maintenance run-schedule name=integrity-check-full");
        await host.LineAsync("maintenance run-schedule: done: integrity-check-full is done");
        host.Type("maintenance run-schedule name=coffee");
        await host.LineAsync("maintenance run-schedule: failed: NotFound (SCHEDULE_NOT_FOUND)");
        host.Type("maintenance health-report");
        await host.LineAsync("### Schema: Ok");
    }

    [Fact]
    public async Task A_killed_process_is_reported_and_starts_again_on_command()
    {
        await using var host = await RunningAppHost.StartAsync();
        await host.LineAsync("Everything is up");
        var (maintenance, ingest) = (await host.ProcessAsync("maintenance"), await host.ProcessAsync("ingest"));

        Signals.Send(maintenance, Signals.Kill);
        await host.LineAsync("maintenance exited by itself with code 137; 'maintenance start' starts it again");
        host.Type("maintenance start");
        await host.LineAsync("maintenance start: done");

        var again = await host.ProcessAsync("maintenance");
        Assert.NotEqual(maintenance, again);
        using var client = new HttpClient();
        await Eventually.TrueAsync(() => IsHealthy(client, host.HttpPort), () => host.Output);
        Assert.True(OperatingSystemProcess.IsAlive(ingest));

        host.Type("ingest restart");
        await host.LineAsync("ingest restart: done");
        Assert.NotEqual(ingest, await host.ProcessAsync("ingest"));
        Assert.False(OperatingSystemProcess.IsAlive(ingest));

        host.Type("ingest stop");
        await host.LineAsync("ingest stop: done");
        Assert.False(OperatingSystemProcess.IsAlive(await host.ProcessAsync("ingest")));
        Assert.True(OperatingSystemProcess.IsAlive(again));
    }

    private static bool IsHealthy(HttpClient client, int port)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://localhost:{port}/health");
            return client.Send(request).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
