using Grpc.Core;
using Grpc.Net.Client;
using ThreatLens.EndToEnd.Tests.AppHost;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Maintenance;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;
namespace ThreatLens.EndToEnd.Tests.MainJob;

/// <summary>The whole system, started as a user starts it.</summary>
public sealed class MainJobTests
{
    [Fact]
    public async Task AppHost_metrics_survive_schema_changes_and_the_service_s_death()
    {
        using var folder = new TemporaryFolder();
        var database = new SqliteFile(folder.File("threatlens.db"));
        await AppHostBuild.AssemblyAsync();
        // `dotnet run --project ThreatLens.AppHost`, on ports and a database of the test's own; built already, as part of the solution.
        await using var host = await RunningAppHost.StartAsync(
            new Dictionary<string, string>
            {
                ["ConnectionStrings__threatlens"] = $"Data Source={database.Path}",
                ["Ingest__DemoDirectory"] = folder.File("demo-logs"),
                // Nothing rotates away: at the end every line is still there to be counted.
                ["Ingest__Demo__MaxFileBytes"] = "1073741824",
            },
            ["dotnet", "run", "--project", "ThreatLens.AppHost", "--no-build", .. AppHostBuild.Options]);
        await host.LineAsync("Everything is up");
        var address = new Uri($"http://localhost:{host.GrpcPort}");
        using var channel = GrpcChannel.ForAddress(address);
        var client = new DatabaseMaintenance.DatabaseMaintenanceClient(channel);
        await using var producer = new CountingProducer(() => address, "end-to-end");
        producer.Start();

        await MetricsArriveFromEverySourceAsync(client, database);
        await producer.GrowsAsync(20);

        // Down to 001 and up again, with metrics coming in and an event whose flags go with their columns, which somebody has to confirm.
        database.Execute("INSERT INTO events (id, raw_log_id, timestamp, source, message, category) VALUES ('e', 'r', '2026-11-01 12:00:00.000000', 's', 'm', 'c')");
        var plan = (await client.RollbackAsync(new RollbackRequest { ToVersion = "001", ValidateOnly = true })).Plan;
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.RollbackAsync(new RollbackRequest { ToVersion = "001", MaxValuesLost = plan.ValuesLost - 1 }));
        Assert.Equal(("VALUES_WOULD_BE_LOST", 2), (MaintenanceFailure.FromException(refused).Reason, plan.ValuesLost));
        var down = await client.RollbackAsync(new RollbackRequest { ToVersion = "001", Etag = plan.Etag, MaxValuesLost = plan.ValuesLost });
        Assert.Equal(2, down.Result.ValuesLost);
        Assert.Equal(["003_optimize_realtime_indexes", "002_add_realtime_fields"], down.Result.Undone.Select(m => m.Version));
        Assert.DoesNotContain("realtime_processed", database.Lines("SELECT name FROM pragma_table_info('events')"));
        await producer.GrowsAsync(20);
        var up = await client.MigrateAsync(new MigrateRequest());
        Assert.Equal(["002_add_realtime_fields", "003_optimize_realtime_indexes"], up.Result.Applied.Select(m => m.Version));
        await producer.GrowsAsync(20);

        // Killed while it takes metrics; started again by the host's own command.
        Signals.Send(await host.ProcessAsync("maintenance"), Signals.Kill);
        await host.LineAsync("maintenance exited by itself");
        var before = SampleLines.Stored(database);
        host.Type("maintenance start");
        await producer.GrowsAsync(50);
        await producer.SettleAsync();
        await Eventually.TrueAsync(() => SampleLines.Stored(database).All(now => now.Value > before[now.Key]), () => $"the sample does not go on:\n{host.Output}");

        Assert.Empty(producer.Differences(database));
        var status = await client.StatusAsync(new StatusRequest());
        Assert.Equal("003_optimize_realtime_indexes", status.CurrentVersion);
        Assert.True(status.UpToDate);

        host.Signal(Signals.Terminate);
        Assert.Equal(0, await host.EndAsync());
        SampleLines.AssertStoredExactlyOnce(database);
        Assert.Equal("ok", database.Scalar("PRAGMA integrity_check"));
    }

    private static async Task MetricsArriveFromEverySourceAsync(DatabaseMaintenance.DatabaseMaintenanceClient client, SqliteFile database)
    {
        using var call = client.HealthReport(new HealthReportRequest { Interval = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) });
        using var deadline = new CancellationTokenSource(Eventually.Limit);
        while (await call.ResponseStream.MoveNext(deadline.Token))
        {
            var report = call.ResponseStream.Current;
            var watched = report.Sections.Single(s => s.Kind == HealthSectionKind.LogSources).Figures.Where(f => f.Name == "status").Select(f => f.Subject).ToHashSet();
            var stored = report.Sections.Single(s => s.Kind == HealthSectionKind.Ingest).Figures
                .Where(f => f.Name == "rows_stored" && f.Subject.Length > 0 && f.Number > 0).Select(f => f.Subject).ToHashSet();
            if (watched.Count >= 3 && watched.IsSubsetOf(stored))
            {
                Assert.Equal(watched.Order(), database.Lines("SELECT source_name FROM log_sources WHERE status = 'active'").Order());
                return;
            }
        }

        Assert.Fail("The stream of reports ended before metrics had come from every source.");
    }
}
