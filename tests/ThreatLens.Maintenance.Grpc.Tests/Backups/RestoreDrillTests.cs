using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Backups;

/// <summary>RunRestoreDrill from outside.</summary>
public sealed class RestoreDrillTests : IAsyncLifetime
{
    private RunningService _service = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await RunningService.StartAsync();
        _service.Database.Execute("INSERT INTO raw_logs(id, content, source) VALUES ('r1', 'c', 's'), ('r2', 'c', 's')");
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Drill_is_an_operation_that_tells_the_recovery_time_and_survives_a_restart()
    {
        await Expect.ErrorAsync(StatusCode.NotFound, ErrorReasons.BackupNotFound, async () => await _service.Maintenance.RunRestoreDrillAsync(new RunRestoreDrillRequest()));
        var backup = (await _service.Maintenance.BackupAsync(new BackupRequest())).Result.Backup;
        var plan = (await _service.Maintenance.RunRestoreDrillAsync(new RunRestoreDrillRequest { ValidateOnly = true })).Plan;
        Assert.Equal((backup.Name, backup.Bytes * 2), (plan.Backup.Name, plan.RequiredFreeBytes));

        var drill = await _service.Maintenance.RunRestoreDrillAsync(new RunRestoreDrillRequest { RequestId = "once" });
        var again = await _service.Maintenance.RunRestoreDrillAsync(new RunRestoreDrillRequest { RequestId = "once" });

        Assert.True(drill.Result.Passed, string.Join("; ", drill.Result.Problems));
        Assert.Equal(drill.Result, again.Result);
        Assert.Equal((OperationKind.RestoreDrill, OperationState.Succeeded, drill.Result), (drill.Operation.Kind, drill.Operation.State, drill.Operation.RestoreDrill));
        Assert.Equal(backup.Name, drill.Result.Backup.Name);
        Assert.True(drill.Result.RecoveryDuration.ToTimeSpan() > TimeSpan.Zero);

        await _service.RestartAsync();
        var listed = await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { Kind = OperationKind.RestoreDrill });
        Assert.Equal([drill.Operation.Id], listed.Operations.Where(o => o.State == OperationState.Succeeded).Select(o => o.Id));
        Assert.Equal($"{drill.Operation.Id}|1", Assert.Single(_service.Database.Lines("SELECT operation_id, passed FROM maintenance_restore_drills")));
    }

    [Fact]
    public async Task Drill_of_an_unknown_backup_names_the_field()
    {
        var error = await Expect.ErrorAsync(
            StatusCode.NotFound, ErrorReasons.BackupNotFound, async () => await _service.Maintenance.RunRestoreDrillAsync(new RunRestoreDrillRequest { BackupName = "none.db" }));

        Assert.Contains("backup_name", error.Message, StringComparison.Ordinal);
    }
}
