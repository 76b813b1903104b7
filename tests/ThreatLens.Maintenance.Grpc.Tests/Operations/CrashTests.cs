using Grpc.Core;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Operations;

/// <summary>What becomes of operations whose process ends, and of those of other processes.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task Operation_whose_process_was_killed_is_interrupted_and_its_migration_undone()
    {
        await using var service = await StartAtAsync(Versions.Tables);
        var slow = SlowStep.Plant(service.Database, Versions.Fields, SlowStep.Endless);
        var request = new MigrateRequest { RequestId = "killed", WaitTimeout = new() };
        var id = (await service.Maintenance.MigrateAsync(request)).Operation.Id;
        var running = await service.WatchUntilAsync(id, o => o.Progress.Message.Contains(Versions.Fields, StringComparison.Ordinal));

        await service.Process.KillAsync();
        slow.Dispose();
        await service.RestartAsync();

        var operation = await service.GetOperationAsync(id);
        Assert.Equal((OperationState.Interrupted, (int)StatusCode.Aborted, ErrorReasons.OperationInterrupted), (operation.State, operation.Error.Code, operation.Error.Reason));
        Assert.NotNull(operation.EndTime);
        Assert.Equal(id, Assert.Single(await service.WatchAllAsync(id, running.Progress.Sequence)).Id);
        Assert.Equal(id, Assert.Single((await service.Maintenance.ListOperationsAsync(new ListOperationsRequest { State = OperationState.Interrupted })).Operations).Id);
        var error = await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.OperationInterrupted, async () => await service.Maintenance.MigrateAsync(request));
        Assert.Equal(id, error.OperationId);
        // The kill fell within the transaction of 002: it is gone without a trace, and nothing holds the lock.
        Assert.Equal(Versions.Tables, await service.CurrentVersionAsync());
        Assert.Equal(Versions.Indexes, (await service.Maintenance.MigrateAsync(new MigrateRequest())).Result.ToVersion);
    }

    [Fact]
    public async Task Operation_is_asked_to_stop_when_the_service_is_and_its_caller_hears_why()
    {
        await using var service = await StartAtAsync(Versions.Tables);
        using var slow = SlowStep.Plant(service.Database, Versions.Fields);
        var call = service.Maintenance.MigrateAsync(new MigrateRequest());
        await Eventually.AsyncUntil(
            async () => (await service.Maintenance.StatusAsync(new StatusRequest())).RunningOperation?.Progress.Message ?? "", m => m.Contains(Versions.Fields, StringComparison.Ordinal), "the migration");

        var stopping = service.Process.StopAsync();
        var error = await Expect.ErrorAsync(StatusCode.Unavailable, ErrorReasons.ShuttingDown, async () => await call);

        Assert.NotNull(error.RetryDelay);
        Assert.Equal(0, await stopping);
        Assert.Equal("Cancelled", service.Database.Scalar("SELECT state FROM maintenance_operations ORDER BY id DESC LIMIT 1"));
        Assert.Equal(Versions.Fields, service.Database.Scalar("SELECT max(version) FROM schema_migrations"));
    }

    [Fact]
    public async Task Schema_change_while_another_process_holds_the_lock_is_aborted_and_names_its_owner()
    {
        await using var service = await StartAtAsync(Versions.Tables);
        var owner = new LockOwner("restore by the night shift") { OperationId = "0123456789abcdef0123456789abcdef" };
        using (MaintenanceLock.TryAcquire(LockPath(service), owner, TimeProvider.System))
        {
            foreach (var call in (Func<Task>[])[async () => await service.Maintenance.MigrateAsync(new MigrateRequest()), async () => await service.Maintenance.RollbackAsync(new RollbackRequest())])
            {
                var error = await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.OperationConflict, call);
                Assert.Contains("restore by the night shift", error.Message, StringComparison.Ordinal);
                Assert.Equal(owner.OperationId, error.OperationId);
                Assert.NotNull(error.RetryDelay);
            }

            // With nothing to apply there is nothing to be in the way of.
            Assert.Empty((await service.Maintenance.MigrateAsync(new MigrateRequest { TargetVersion = "001" })).Result.Applied);
        }

        Assert.Equal(Versions.Indexes, (await service.Maintenance.MigrateAsync(new MigrateRequest())).Result.ToVersion);
    }

    [Fact]
    public async Task Start_up_migration_waits_for_another_process_and_then_reads_the_history_again()
    {
        await using var service = await StartAtAsync(Versions.Tables);
        string id;
        using (MaintenanceLock.TryAcquire(LockPath(service), new LockOwner("somebody else"), TimeProvider.System))
        {
            await service.RestartAsync(waitForHealth: false, "Maintenance__MigrateOnStartup=true");
            var waiting = await Eventually.AsyncUntil(
                async () => (await service.Maintenance.ListOperationsAsync(new ListOperationsRequest { State = OperationState.Queued })).Operations.SingleOrDefault(), o => o is not null, "the start-up migration");

            id = waiting!.Id;
            Assert.Equal((OperationKind.Migrate, "start-up", true), (waiting.Kind, waiting.Caller.Name, waiting.Caller.Verified));
            var health = await service.GetHealthAsync();
            Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, health.Code);
            Assert.True(health.Body.Contains("Start-up has not finished yet", StringComparison.Ordinal), health.Body);
            Assert.Equal(Versions.Tables, await service.CurrentVersionAsync());
            // The other process applies 002 meanwhile, so that only 003 is left.
            service.Database.Execute(await File.ReadAllTextAsync(Script("002_add_realtime_fields.up.sql")));
            var checksum = (await service.Maintenance.StatusAsync(new StatusRequest())).Migrations.Single(m => m.Version == Versions.Fields).ScriptChecksum;
            service.Database.Execute($"INSERT INTO schema_migrations(version, description, checksum) VALUES ('{Versions.Fields}', 'by another', '{checksum}')");
        }

        await service.Process.WaitForHealthAsync();
        // The service is ready as soon as the schema is; that the operation has ended comes after it.
        var operation = (await service.WatchAllAsync(id))[^1];
        Assert.Equal([Versions.Indexes], operation.Migrate.Applied.Select(m => m.Version));
        Assert.Equal("by another", service.Database.Scalar($"SELECT description FROM schema_migrations WHERE version = '{Versions.Fields}'"));
    }

    [Fact]
    public async Task Operation_of_a_process_that_lives_is_followed_and_not_interrupted()
    {
        await using var service = await StartAtAsync(Versions.Tables);
        // "Another service" is the test's own process, which lives.
        var theirs = Copy(service, "ffffffffffffffffffffffffffffff01", Maintenance.Operations.ProcessIdentity.Current);
        var abandoned = Copy(service, "ffffffffffffffffffffffffffffff02", "nowhere/1/0");

        await service.RestartAsync();

        Assert.Equal(OperationState.Interrupted, (await service.GetOperationAsync(abandoned)).State);
        Assert.Equal(OperationState.Running, (await service.GetOperationAsync(theirs)).State);
        var watching = service.WatchAllAsync(theirs);
        service.Database.Execute($"UPDATE maintenance_operations SET state = 'Succeeded', ended_at = '2026-01-01 00:00:00.000000' WHERE id = '{theirs}'");

        Assert.Equal(OperationState.Succeeded, (await watching)[^1].State);
    }

    [Fact]
    public async Task Operation_of_another_machine_is_taken_over_only_by_a_service_that_is_alone()
    {
        await using var service = await StartAtAsync(Versions.Tables);
        var theirs = Copy(service, "ffffffffffffffffffffffffffffff03", "another-machine/1/0");
        var presence = service.Database.Path + ".maintenance.processes";
        // Whoever runs operations can be seen by others, until it ends, however that may be.
        Assert.Throws<IOException>(() => new FileStream(presence, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        await service.Process.KillAsync();

        await using (new FileStream(presence, FileMode.Open, FileAccess.Read, FileShare.Read))
        {
            await service.RestartAsync();
            Assert.Equal(OperationState.Running, (await service.GetOperationAsync(theirs)).State);
            Assert.Contains(service.Process.Process.Output, line => line.Contains("1 operations are recorded as running by processes of other machines", StringComparison.Ordinal));
        }

        // It has decided; the next start finds nobody else.
        Assert.Equal(OperationState.Running, (await service.GetOperationAsync(theirs)).State);
        await service.RestartAsync();
        Assert.Equal(OperationState.Interrupted, (await service.GetOperationAsync(theirs)).State);
    }

    /// <summary>An operation as a process leaves it while it runs.</summary>
    private static string Copy(RunningService service, string id, string process)
    {
        service.Database.Execute(
            $"""
            INSERT INTO maintenance_operations(id, kind, state, caller, caller_verified, request_digest, created_at, started_at, progress, process)
            SELECT '{id}', kind, 'Running', caller, caller_verified, request_digest, created_at, started_at, progress, '{process}' FROM maintenance_operations LIMIT 1
            """);
        return id;
    }

    private static string LockPath(RunningService service) => service.Database.Path + ".maintenance.lock";

    private static string Script(string name) =>
        Path.Combine(Testing.Processes.Repository.ProjectFolder("ThreatLens.Maintenance"), "Migrations", "Scripts", "Sqlite", name);

    private static async Task<RunningService> StartAtAsync(string version)
    {
        var service = await RunningService.StartAsync(environment: "Maintenance__MigrateOnStartup=false");
        await service.Maintenance.MigrateAsync(new MigrateRequest { TargetVersion = version });
        return service;
    }
}
