using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Operations;

/// <summary>What is remembered of an operation: who, when, how long, how it ended, in which trace.</summary>
public sealed class OperationRecordTests(SchemaService fixture) : IClassFixture<SchemaService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Operation_that_succeeded_is_recorded_whole_and_survives_a_restart()
    {
        await fixture.BringToAsync(Versions.Tables);

        var returned = (await _service.Maintenance.MigrateAsync(new MigrateRequest { RequestId = "record-1" }, new Metadata { { "threatlens-caller", "alice" } })).Operation;

        Assert.Matches("^[0-9a-f]{32}$", returned.Id);
        Assert.Equal((OperationKind.Migrate, OperationState.Succeeded, "record-1"), (returned.Kind, returned.State, returned.RequestId));
        Assert.Equal(new Caller { Name = "alice", Verified = false }, returned.Caller);
        Assert.True(returned.CreateTime <= returned.StartTime && returned.StartTime <= returned.EndTime);
        Assert.Equal(returned.EndTime - returned.StartTime, returned.Duration);
        Assert.Matches("^[0-9a-f]{32}$", returned.TraceId);
        Assert.Null(returned.Error);
        Assert.Equal((2L, 2L, "migrations"), (returned.Progress.Completed, returned.Progress.Total, returned.Progress.Unit));
        Assert.NotEqual("", returned.Progress.Message);

        await _service.RestartAsync();

        var read = (await _service.Maintenance.GetOperationAsync(new GetOperationRequest { OperationId = returned.Id })).Operation;
        // The table holds microseconds.
        Assert.Equal(returned.Migrate, read.Migrate);
        Assert.Equal(Whole(returned), Whole(read));
        Assert.Equal(returned.EndTime.Nanos / 1000, read.EndTime.Nanos / 1000);
    }

    [Fact]
    public async Task Caller_without_a_name_is_its_address()
    {
        await fixture.BringToAsync(Versions.Indexes);

        var operation = (await _service.Maintenance.MigrateAsync(new MigrateRequest())).Operation;

        Assert.Equal(new Caller { Name = "127.0.0.1", Verified = false }, operation.Caller);
    }

    [Fact]
    public async Task Caller_with_the_longest_name_is_recorded_and_with_a_longer_one_refused()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var longest = new string('n', 255);

        var operation = (await _service.Maintenance.MigrateAsync(new MigrateRequest(), new Metadata { { "threatlens-caller", longest } })).Operation;

        Assert.Equal(longest, operation.Caller.Name);
        await Expect.BadFieldAsync(
            "threatlens-caller", async () => await _service.Maintenance.MigrateAsync(new MigrateRequest(), new Metadata { { "threatlens-caller", longest + "n" } }));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(0, false)]
    public async Task Operation_is_of_the_callers_trace_when_the_caller_waits(int? wait, bool inTrace)
    {
        await fixture.BringToAsync(Versions.Indexes);
        const string Trace = "0af7651916cd43dd8448eb211c80319c";
        var request = new MigrateRequest { WaitTimeout = wait is { } s ? new() { Seconds = s } : null };

        var started = (await _service.Maintenance.MigrateAsync(request, new Metadata { { "traceparent", $"00-{Trace}-b7ad6b7169203331-01" } })).Operation;
        var ended = await _service.WatchToEndAsync(started.Id);

        Assert.Matches("^[0-9a-f]{32}$", ended.TraceId);
        Assert.Equal(inTrace, ended.TraceId == Trace);
    }

    [Fact]
    public async Task Operation_that_nobody_knows_is_not_found()
    {
        var id = new string('0', 32);

        await Expect.ErrorAsync(StatusCode.NotFound, ErrorReasons.OperationNotFound, async () => await _service.Maintenance.GetOperationAsync(new GetOperationRequest { OperationId = id }));
        await Expect.ErrorAsync(StatusCode.NotFound, ErrorReasons.OperationNotFound, async () => await _service.Maintenance.CancelOperationAsync(new CancelOperationRequest { OperationId = "'; --" }));
        await Expect.ErrorAsync(StatusCode.NotFound, ErrorReasons.OperationNotFound, () => _service.WatchToEndAsync(id));
    }

    [Fact]
    public async Task End_that_cannot_be_recorded_at_once_is_known_and_recorded_later()
    {
        await fixture.BringToAsync(Versions.Tables);
        _service.Database.Execute("CREATE TRIGGER test_no_end BEFORE UPDATE ON maintenance_operations WHEN new.state = 'Succeeded' BEGIN SELECT RAISE(ABORT, 'not now'); END");
        string id;
        try
        {
            var operation = (await _service.Maintenance.MigrateAsync(new MigrateRequest())).Operation;
            id = operation.Id;

            Assert.Equal(OperationState.Succeeded, operation.State);
            Assert.Equal(OperationState.Succeeded, (await _service.WatchToEndAsync(id)).State);
            var listed = await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { State = OperationState.Succeeded, PageSize = 1 });
            Assert.Equal(id, Assert.Single(listed.Operations).Id);
            Assert.Equal("Running", _service.Database.Scalar($"SELECT state FROM maintenance_operations WHERE id = '{id}'"));
        }
        finally
        {
            _service.Database.Execute("DROP TRIGGER test_no_end");
        }

        await Eventually.UntilAsync(() => _service.Database.Scalar($"SELECT state FROM maintenance_operations WHERE id = '{id}'") is "Succeeded", "the record of the end");
    }

    private static Operation Whole(Operation operation)
    {
        var copy = operation.Clone();
        copy.CreateTime = copy.StartTime = copy.EndTime = null;
        copy.Duration = null;
        copy.Progress.UpdateTime = null;
        return copy;
    }
}
