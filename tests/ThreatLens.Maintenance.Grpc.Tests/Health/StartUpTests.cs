using System.Net;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace ThreatLens.Maintenance.Grpc.Tests.Health;

/// <summary>A start that cannot finish leaves the service up, says why, changes nothing, and finishes when the cause is gone.</summary>
public sealed class StartUpTests
{
    private const string Maintenance = "threatlens.maintenance.v1.DatabaseMaintenance";
    private const string Ingest = "threatlens.maintenance.v1.MetricsIngest";

    [Fact]
    public async Task Start_up_in_Development_migrates_and_reports_ready()
    {
        await using var service = await RunningService.StartAsync();

        Assert.Equal(Versions.Indexes, await service.CurrentVersionAsync());
        var health = await service.GetHealthAsync();
        Assert.Equal(HttpStatusCode.OK, health.Code);
        Assert.Contains("\"Healthy\"", health.Body, StringComparison.Ordinal);
        Assert.Equal(
            [ServingStatus.Serving, ServingStatus.Serving, ServingStatus.Serving],
            [await service.ServingAsync(""), await service.ServingAsync(Maintenance), await service.ServingAsync(Ingest)]);
        var unknown = await Assert.ThrowsAsync<RpcException>(() => service.ServingAsync("nobody"));
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
        var startUp = Assert.Single((await service.Maintenance.ListOperationsAsync(new ListOperationsRequest())).Operations);
        Assert.Equal(("start-up", true, Versions.All.Length), (startUp.Caller.Name, startUp.Caller.Verified, startUp.Migrate.Applied.Count));
        Assert.True(await ReflectsAsync(service), "Reflection is on in Development.");
    }

    [Fact]
    public async Task Start_up_outside_Development_migrates_only_when_told_to()
    {
        await using var service = await RunningService.StartAsync(environment: "ASPNETCORE_ENVIRONMENT=Production");

        Assert.False(File.Exists(service.Database.Path));
        Assert.Equal(HttpStatusCode.OK, (await service.GetHealthAsync()).Code);
        Assert.Contains("Degraded", (await service.GetHealthAsync()).Body, StringComparison.Ordinal);
        Assert.Equal((ServingStatus.Serving, ServingStatus.NotServing), (await service.ServingAsync(Maintenance), await service.ServingAsync(Ingest)));
        Assert.False(await ReflectsAsync(service), "Reflection is off in Production.");

        await service.RestartAsync(environment: "Maintenance__MigrateOnStartup=true");

        Assert.Equal(Versions.Indexes, await service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Schema_that_was_rolled_back_is_degraded_and_takes_no_metrics()
    {
        await using var service = await RunningService.StartAsync();
        using var watch = service.Health.Watch(new HealthCheckRequest { Service = Ingest });
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));

        await service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "001" });
        Assert.Equal(ServingStatus.Serving, await service.ServingAsync(Ingest));
        await service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "000" });

        var health = await service.GetHealthAsync();
        Assert.Equal(HttpStatusCode.OK, health.Code);
        Assert.Contains("Degraded", health.Body, StringComparison.Ordinal);
        Assert.Contains(Versions.Tables, health.Body, StringComparison.Ordinal);
        Assert.Equal((ServingStatus.Serving, ServingStatus.NotServing), (await service.ServingAsync(Maintenance), await service.ServingAsync(Ingest)));
        while (watch.ResponseStream.Current.Status != ServingStatus.NotServing)
            Assert.True(await Eventually.WithinLimitAsync(watch.ResponseStream.MoveNext(CancellationToken.None), "the watched status"));
        await service.Maintenance.MigrateAsync(new MigrateRequest());
        while (watch.ResponseStream.Current.Status != ServingStatus.Serving)
            Assert.True(await Eventually.WithinLimitAsync(watch.ResponseStream.MoveNext(CancellationToken.None), "the watched status"));
        Assert.Equal(ServingStatus.Serving, await service.ServingAsync(Ingest));
        Assert.DoesNotContain("Degraded", (await service.GetHealthAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_directory_keeps_the_service_up_until_somebody_makes_it()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "missing", "threatlens.db");
        await using var service = await StartBrokenAsync(path, ErrorReasons.DatabaseDirectoryMissing);
        await ExpectRefusedAsync(service, StatusCode.FailedPrecondition, ErrorReasons.DatabaseDirectoryMissing);
        Assert.Equal(ServingStatus.NotServing, await service.ServingAsync(Ingest));
        Assert.False(Directory.Exists(Path.GetDirectoryName(path)));

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await service.Process.WaitForHealthAsync();

        Assert.Equal(Versions.Indexes, await service.CurrentVersionAsync());
        Assert.Equal(ServingStatus.Serving, await service.ServingAsync(Ingest));
        await service.Process.KillAsync();
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public async Task File_that_is_no_database_is_reported_and_not_touched()
    {
        using var folder = new TemporaryFolder();
        var file = new SqliteFile(folder.File("letter.db"));
        await File.WriteAllTextAsync(file.Path, string.Concat(Enumerable.Repeat("Dear Sir or Madam, ", 500)));
        var before = file.Bytes();

        await using (var service = await StartBrokenAsync(file.Path, ErrorReasons.NotADatabase))
            await ExpectRefusedAsync(service, StatusCode.FailedPrecondition, ErrorReasons.NotADatabase);

        Assert.Equal(before, file.Bytes());
        Assert.DoesNotContain(folder.Names, name => name.EndsWith("-wal", StringComparison.Ordinal) || name.EndsWith("-journal", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Database_newer_than_the_service_is_reported_and_not_touched()
    {
        using var folder = new TemporaryFolder();
        var file = LegacyDatabase.Build(LegacyKind.Clean, folder.File("newer.db"));
        file.Execute("INSERT INTO schema_migrations(version, description) VALUES ('977_from_the_future', 'newer')");
        var before = file.Snapshot();

        await using (var service = await StartBrokenAsync(file.Path, ErrorReasons.DatabaseNewer))
        {
            await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseNewer, async () => await service.Maintenance.MigrateAsync(new MigrateRequest()));
            await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseNewer, async () => await service.Maintenance.RollbackAsync(new RollbackRequest()));
            Assert.Contains((await service.Maintenance.StatusAsync(new StatusRequest())).Migrations, m => m is { Version: "977_from_the_future", State: MigrationState.Unknown });
            Assert.Equal((ServingStatus.Serving, ServingStatus.NotServing), (await service.ServingAsync(Maintenance), await service.ServingAsync(Ingest)));
            using var producer = Tests.Ingest.Producer.Open(service);
            await producer.SendAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = "newer" } });
            await producer.FailsAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseNewer);
        }

        Assert.Equal(before, file.Snapshot());
    }

    [Fact]
    public async Task Read_only_database_is_reported_and_not_touched_until_it_is_writable()
    {
        using var folder = new TemporaryFolder();
        var file = LegacyDatabase.Build(LegacyKind.PreRealtime, folder.File("read-only.db"));
        file.Execute("PRAGMA journal_mode = DELETE");
        var before = file.Bytes();
        File.SetAttributes(file.Path, FileAttributes.ReadOnly);

        await using var service = await StartBrokenAsync(file.Path, ErrorReasons.DatabaseReadOnly);
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseReadOnly, async () => await service.Maintenance.MigrateAsync(new MigrateRequest()));
        Assert.Equal("", await service.CurrentVersionAsync());
        Assert.Equal(ServingStatus.Serving, await service.ServingAsync(Maintenance));
        Assert.Equal(before, file.Bytes());

        File.SetAttributes(file.Path, FileAttributes.Normal);
        await service.Process.WaitForHealthAsync();
        Assert.Equal(Versions.Indexes, await service.CurrentVersionAsync());

        // Up to date and read-only again: it can be looked at, and takes no metrics.
        File.SetAttributes(file.Path, FileAttributes.ReadOnly);
        Assert.Equal((ServingStatus.Serving, ServingStatus.NotServing), (await service.ServingAsync(Maintenance), await service.ServingAsync(Ingest)));
        await service.RestartAsync(waitForHealth: false);
        Assert.Equal(ServingStatus.NotServing, await service.ServingAsync(Ingest));
        using var producer = Tests.Ingest.Producer.Open(service);
        await producer.SendAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = "read-only" } });
        await producer.FailsAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseReadOnly);
        File.SetAttributes(file.Path, FileAttributes.Normal);
    }

    [Fact]
    public async Task Locked_database_is_waited_for()
    {
        using var folder = new TemporaryFolder();
        var file = LegacyDatabase.Build(LegacyKind.PreRealtime, folder.File("locked.db"));
        RunningService service;
        using (var connection = file.Open())
        {
            using var begin = connection.CreateCommand();
            begin.CommandText = "BEGIN IMMEDIATE";
            begin.ExecuteNonQuery();
            service = await StartBrokenAsync(file.Path, ErrorReasons.DatabaseLocked);
            await Expect.ErrorAsync(StatusCode.Unavailable, ErrorReasons.DatabaseLocked, async () => await service.Maintenance.MigrateAsync(new MigrateRequest()));
            Assert.Equal("", await service.CurrentVersionAsync());
        }

        await using (service)
        {
            await service.Process.WaitForHealthAsync();
            Assert.Equal(Versions.Indexes, await service.CurrentVersionAsync());
        }
    }

    [Fact]
    public async Task Migration_that_fails_at_start_up_is_finished_by_whoever_migrates()
    {
        using var folder = new TemporaryFolder();
        var file = LegacyDatabase.Build(LegacyKind.PreRealtime, folder.File("failing.db"));
        file.Execute("CREATE TABLE idx_events_realtime_processed(x)");

        await using var service = await StartBrokenAsync(file.Path, ErrorReasons.MigrationFailed);
        Assert.Equal(Versions.Tables, await service.CurrentVersionAsync());
        Assert.Equal(ServingStatus.Serving, await service.ServingAsync(Maintenance));
        var failed = Assert.Single((await service.Maintenance.ListOperationsAsync(new ListOperationsRequest { State = OperationState.Failed })).Operations);
        Assert.Equal("start-up", failed.Caller.Name);

        file.Execute("DROP TABLE idx_events_realtime_processed");
        await service.Maintenance.MigrateAsync(new MigrateRequest());

        await service.Process.WaitForHealthAsync();
    }

    [Fact]
    public async Task Legacy_database_is_adopted_with_all_its_rows()
    {
        using var folder = new TemporaryFolder();
        var file = LegacyDatabase.Build(LegacyKind.Clean, folder.File("legacy.db"));
        var rows = file.Content("events");

        await using var service = await RunningService.StartAsync(file.Path);

        var status = await service.Maintenance.StatusAsync(new StatusRequest());
        Assert.Equal(MigrationState.KnownForeign, status.Migrations.Single(m => m.Version == "004_add_auth_audit_tables").State);
        Assert.True(status.UpToDate);
        Assert.Equal(rows, file.Content("events"));
        using var producer = await Tests.Ingest.Producer.HelloAsync(service, "legacy");
        Assert.Equal(1, (await producer.StoreAsync(Tests.Ingest.Producer.Batch(1, Tests.Ingest.Producer.Sample("legacy-source")))).Accepted);
    }

    private static async Task<RunningService> StartBrokenAsync(string path, string reason)
    {
        var service = await RunningService.StartAsync(path, waitForHealth: false, "Maintenance__Database__BusyTimeout=00:00:00.200");
        var body = await Eventually.AsyncUntil(async () => (await service.GetHealthAsync()).Body, b => b.Contains(reason, StringComparison.Ordinal), reason);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), ((await service.GetHealthAsync()).Code, body.Contains("Start-up could not finish", StringComparison.Ordinal)));
        using var http = new HttpClient { BaseAddress = service.Process.Http };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/alive")).StatusCode);
        Assert.False(service.Process.Process.HasExited);
        return service;
    }

    private static async Task ExpectRefusedAsync(RunningService service, StatusCode code, string reason)
    {
        Func<Task>[] calls =
        [
            async () => await service.Maintenance.StatusAsync(new StatusRequest()),
            async () => await service.Maintenance.MigrateAsync(new MigrateRequest()),
            async () => await service.Maintenance.RollbackAsync(new RollbackRequest()),
            async () => await service.Maintenance.GetMonitoringConfigAsync(new GetMonitoringConfigRequest()),
        ];
        foreach (var call in calls)
            await Expect.ErrorAsync(code, reason, call);
    }

    private static async Task<bool> ReflectsAsync(RunningService service)
    {
        using var call = new ServerReflection.ServerReflectionClient(service.Channel).ServerReflectionInfo();
        try
        {
            await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            return call.ResponseStream.Current.ListServicesResponse.Service.Any(s => s.Name == Ingest);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            return false;
        }
    }
}
