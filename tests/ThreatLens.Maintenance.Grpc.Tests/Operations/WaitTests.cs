using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Operations;

/// <summary>Operations that take long: waited for, watched, stopped, and in each other's way.</summary>
public sealed class WaitTests(SchemaService fixture) : IClassFixture<SchemaService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Wait_of_zero_returns_the_running_operation_which_outlives_the_call()
    {
        await fixture.BringToAsync(Versions.Tables);
        using var slow = SlowStep.Plant(_service.Database, Versions.Fields);

        var response = await _service.Maintenance.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration() });

        Assert.Equal(MigrateResponse.OutcomeOneofCase.None, response.OutcomeCase);
        Assert.Contains(response.Operation.State, new[] { OperationState.Queued, OperationState.Running });
        Assert.Null(response.Operation.EndTime);
        Assert.Equal(Versions.Indexes, (await _service.WatchToEndAsync(response.Operation.Id)).Migrate.ToVersion);
    }

    [Fact]
    public async Task Short_wait_returns_the_running_operation()
    {
        await fixture.BringToAsync(Versions.Tables);
        using var slow = SlowStep.Plant(_service.Database, Versions.Fields);

        var response = await _service.Maintenance.MigrateAsync(new MigrateRequest { WaitTimeout = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1)) });

        Assert.Equal(MigrateResponse.OutcomeOneofCase.None, response.OutcomeCase);
        Assert.Null(response.Operation.EndTime);
        Assert.Equal(OperationState.Succeeded, (await _service.WatchToEndAsync(response.Operation.Id)).State);
    }

    [Fact]
    public async Task Wait_that_is_long_enough_returns_the_result()
    {
        await fixture.BringToAsync(Versions.Tables);

        var response = await _service.Maintenance.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration { Seconds = 3600 } });

        Assert.Equal(Versions.Indexes, response.Result.ToVersion);
    }

    [Fact]
    public async Task Operation_outlives_a_caller_whose_deadline_passes()
    {
        await fixture.BringToAsync(Versions.Tables);
        using var slow = SlowStep.Plant(_service.Database, Versions.Fields);
        var call = _service.Maintenance.MigrateAsync(new MigrateRequest { RequestId = "deadline" }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(500));

        var error = await Assert.ThrowsAsync<RpcException>(async () => await call);

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        var again = await _service.Maintenance.MigrateAsync(new MigrateRequest { RequestId = "deadline" });
        Assert.Equal(Versions.Indexes, again.Result.ToVersion);
    }

    [Fact]
    public async Task Watch_begins_with_the_current_snapshot_grows_and_ends_with_the_end()
    {
        await fixture.BringToAsync(Versions.Tables);
        using var slow = SlowStep.Plant(_service.Database, Versions.Fields);
        var id = (await _service.Maintenance.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration() })).Operation.Id;

        var seen = await _service.WatchAllAsync(id);

        Assert.True(seen.Count >= 2, "At least the snapshot of the start and that of the end are seen.");
        Assert.Null(seen[0].EndTime);
        Assert.All(seen.Zip(seen.Skip(1)), pair => Assert.True(pair.First.Progress.Sequence < pair.Second.Progress.Sequence));
        Assert.Contains(seen, o => o.State == OperationState.Running && o.Progress.Message.Contains(Versions.Fields, StringComparison.Ordinal));
        Assert.All(seen.SkipLast(1), o => Assert.Null(o.EndTime));
        Assert.Equal((OperationState.Succeeded, 2L, 2L), (seen[^1].State, seen[^1].Progress.Completed, seen[^1].Progress.Total));

        // Resuming after the last but one, and after the end itself, gives exactly the end, of the process and of the record alike.
        Assert.Equal(seen[^1], Assert.Single(await _service.WatchAllAsync(id, seen[^1].Progress.Sequence - 1)), WithoutClockNoise);
        Assert.Equal(seen[^1], Assert.Single(await _service.WatchAllAsync(id, seen[^1].Progress.Sequence)), WithoutClockNoise);
        Assert.Equal(seen[^1], Assert.Single(await _service.WatchAllAsync(id, long.MaxValue)), WithoutClockNoise);
    }

    [Fact]
    public async Task Watch_after_a_sequence_leaves_out_what_is_known()
    {
        await fixture.BringToAsync(Versions.Tables);
        using var slow = SlowStep.Plant(_service.Database, Versions.Fields);
        var id = (await _service.Maintenance.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration() })).Operation.Id;
        var running = await _service.WatchUntilAsync(id, o => o.Progress.Message.Contains(Versions.Fields, StringComparison.Ordinal));

        var seen = await _service.WatchAllAsync(id, running.Progress.Sequence);

        Assert.All(seen, o => Assert.True(o.Progress.Sequence > running.Progress.Sequence));
        Assert.Equal(OperationState.Succeeded, seen[^1].State);
    }

    [Fact]
    public async Task Cancel_stops_at_the_next_safe_point_and_keeps_what_was_done()
    {
        await fixture.BringToAsync(Versions.Tables);
        using var slow = SlowStep.Plant(_service.Database, Versions.Fields, SlowStep.Long);
        var waiting = _service.Maintenance.MigrateAsync(new MigrateRequest { RequestId = "cancel" });
        var id = (await Eventually.AsyncUntil(
            async () => (await _service.Maintenance.StatusAsync(new StatusRequest())).RunningOperation?.Id, running => running is not null, "the running operation"))!;
        await _service.WatchUntilAsync(id, o => o.Progress.Message.Contains(Versions.Fields, StringComparison.Ordinal));

        var answer = (await _service.Maintenance.CancelOperationAsync(new CancelOperationRequest { OperationId = id })).Operation;

        Assert.Equal(OperationState.Cancelling, answer.State);
        Assert.Equal(id, Assert.Single((await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { State = OperationState.Cancelling })).Operations).Id);
        Assert.DoesNotContain((await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { State = OperationState.Running })).Operations, o => o.Id == id);
        var error = await Expect.ErrorAsync(StatusCode.Cancelled, ErrorReasons.OperationCancelled, async () => await waiting);
        Assert.Equal(id, error.OperationId);
        var ended = await _service.GetOperationAsync(id);
        Assert.Equal((OperationState.Cancelled, 1), (ended.State, ended.Error.Code));
        // 002 was within its transaction and is whole; 003 was not begun.
        Assert.Equal(Versions.Fields, await _service.CurrentVersionAsync());
        await Expect.ErrorAsync(
            StatusCode.FailedPrecondition, ErrorReasons.OperationEnded, async () => await _service.Maintenance.CancelOperationAsync(new CancelOperationRequest { OperationId = id }));
        Assert.Equal(Versions.Indexes, (await _service.Maintenance.MigrateAsync(new MigrateRequest())).Result.ToVersion);
    }

    [Fact]
    public async Task Operation_beside_a_schema_change_is_aborted_and_names_it()
    {
        await fixture.BringToAsync(Versions.Tables);
        using var slow = SlowStep.Plant(_service.Database, Versions.Fields, SlowStep.Long);
        var id = (await _service.Maintenance.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration() })).Operation.Id;
        await _service.WatchUntilAsync(id, o => o.State == OperationState.Running);

        Func<Task>[] refused =
        [
            async () => await _service.Maintenance.MigrateAsync(new MigrateRequest()),
            async () => await _service.Maintenance.RollbackAsync(new RollbackRequest()),
            async () => await _service.Maintenance.UpdateMonitoringConfigAsync(new UpdateMonitoringConfigRequest { Config = new MonitoringConfig() }),
        ];
        foreach (var call in refused)
        {
            var error = await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.OperationConflict, call);
            Assert.Equal(id, error.OperationId);
            Assert.Contains(id, error.Message, StringComparison.Ordinal);
            Assert.NotNull(error.RetryDelay);
        }

        var status = await _service.Maintenance.StatusAsync(new StatusRequest());
        Assert.Equal((id, OperationKind.Migrate), (status.RunningOperation.Id, status.RunningOperation.Kind));
        await _service.WatchToEndAsync(id);
        Assert.Null((await _service.Maintenance.StatusAsync(new StatusRequest())).RunningOperation);
        // Refused is not failed: nothing of the refused ones is in the record.
        var newest = (await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { PageSize = 1 })).Operations[0];
        Assert.Equal(id, newest.Id);
    }

    private static bool WithoutClockNoise(Operation one, Operation other) =>
        (one.Id, one.State, one.Progress.Sequence, one.Progress.Completed, one.Migrate).Equals((other.Id, other.State, other.Progress.Sequence, other.Progress.Completed, other.Migrate));
}
