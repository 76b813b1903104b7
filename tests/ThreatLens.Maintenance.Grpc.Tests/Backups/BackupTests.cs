using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Backups;

public sealed class BackupTests : IAsyncLifetime
{
    private RunningService _service = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await RunningService.StartAsync(environment: ["Maintenance__MigrateOnStartup=false", "Maintenance__Backups__Keep=3"]);
        await _service.Maintenance.MigrateAsync(new MigrateRequest { TargetVersion = Versions.Fields });
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Backup_is_an_operation_and_listed_newest_first_in_pages()
    {
        var plan = (await _service.Maintenance.BackupAsync(new BackupRequest { ValidateOnly = true })).Plan;
        Assert.True(plan.Bytes > 0 && plan.AvailableFreeBytes > plan.Bytes);
        Assert.Empty(await ListAsync());

        var first = await _service.Maintenance.BackupAsync(new BackupRequest { RequestId = "once" });
        var again = await _service.Maintenance.BackupAsync(new BackupRequest { RequestId = "once" });
        var second = (await _service.Maintenance.BackupAsync(new BackupRequest())).Result.Backup;

        Assert.Equal(first.Result, again.Result);
        Assert.Equal((OperationKind.Backup, OperationState.Succeeded, first.Result), (first.Operation.Kind, first.Operation.State, first.Operation.Backup));
        Assert.Equal((first.Operation.Id, Versions.Fields), (first.Result.Backup.OperationId, first.Result.Backup.SchemaVersion));
        Assert.NotNull(second.VerifyTime);
        Assert.Equal([second, first.Result.Backup], await ListAsync());
        var page = await _service.Maintenance.ListBackupsAsync(new ListBackupsRequest { PageSize = 1 });
        Assert.Equal(second, Assert.Single(page.Backups));
        page = await _service.Maintenance.ListBackupsAsync(new ListBackupsRequest { PageSize = 1, PageToken = page.NextPageToken });
        Assert.Equal((first.Result.Backup, ""), (Assert.Single(page.Backups), page.NextPageToken));

        var third = await _service.Maintenance.BackupAsync(new BackupRequest { Keep = 1 });
        Assert.Equal([first.Result.Backup.Name, second.Name], third.Result.RemovedNames);
        Assert.Equal([third.Result.Backup], await ListAsync());
    }

    [Fact]
    public async Task Migrate_and_Rollback_of_an_empty_database_take_no_backup()
    {
        Assert.Equal("", (await _service.Maintenance.MigrateAsync(new MigrateRequest())).Result.BackupName);
        Assert.Equal("", (await _service.Maintenance.RollbackAsync(new RollbackRequest())).Result.BackupName);

        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task Migrate_and_Rollback_of_a_database_with_rows_take_a_backup_first_and_name_it()
    {
        AddRow();

        var migrated = await _service.Maintenance.MigrateAsync(new MigrateRequest());
        var nothing = await _service.Maintenance.MigrateAsync(new MigrateRequest());
        var undone = await _service.Maintenance.RollbackAsync(new RollbackRequest());

        Assert.Equal("", nothing.Result.BackupName);
        Assert.Equal([undone.Result.BackupName, migrated.Result.BackupName], (await ListAsync()).Select(b => b.Name));
        // Each is of before the change, and belongs to the operation that made it.
        Assert.Equal([Versions.Indexes, Versions.Fields], (await ListAsync()).Select(b => b.SchemaVersion));
        Assert.Equal([undone.Operation.Id, migrated.Operation.Id], (await ListAsync()).Select(b => b.OperationId));
    }

    [Fact]
    public async Task Change_whose_backup_fails_changes_nothing_unless_backups_are_switched_off()
    {
        AddRow();
        await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(_service.Database.Path)!, "backups"), "in the way");
        var before = _service.Database.Structure();

        foreach (var call in (Func<Task>[])[async () => await _service.Maintenance.MigrateAsync(new MigrateRequest()), async () => await _service.Maintenance.RollbackAsync(new RollbackRequest())])
        {
            var error = await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.BackupDirectoryUnusable, call);
            Assert.NotNull(error.OperationId);
        }

        Assert.Equal(before, _service.Database.Structure());
        await _service.RestartAsync(environment: "Maintenance__Backups__BeforeChange=false");
        Assert.Equal("", (await _service.Maintenance.MigrateAsync(new MigrateRequest())).Result.BackupName);
    }

    [Fact]
    public async Task Backup_while_the_schema_changes_is_refused()
    {
        using (SlowStep.Plant(_service.Database, Versions.Indexes, SlowStep.Long))
        {
            var call = _service.Maintenance.MigrateAsync(new MigrateRequest());
            var running = await Eventually.AsyncUntil(
                async () => (await _service.Maintenance.StatusAsync(new StatusRequest())).RunningOperation, o => o is not null, "the operation");

            var error = await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.OperationConflict, async () => await _service.Maintenance.BackupAsync(new BackupRequest()));

            Assert.Equal(running!.Id, error.OperationId);
            await call;
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1001)]
    public Task Backup_keep_out_of_range_names_the_field(int keep) =>
        Expect.BadFieldAsync("keep", async () => await _service.Maintenance.BackupAsync(new BackupRequest { Keep = keep }));

    private void AddRow() => _service.Database.Execute("INSERT INTO raw_logs(id, content, source) VALUES ('a', 'b', 'c')");

    private async Task<IReadOnlyList<Backup>> ListAsync() => (await _service.Maintenance.ListBackupsAsync(new ListBackupsRequest())).Backups;
}
