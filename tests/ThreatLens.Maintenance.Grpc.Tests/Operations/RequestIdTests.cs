using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Operations;

/// <summary>request_id: the same request is the same operation, whatever happened in between.</summary>
public sealed class RequestIdTests(SchemaService fixture) : IClassFixture<SchemaService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Same_body_returns_the_same_operation_and_does_nothing_again()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var request = new RollbackRequest { RequestId = "same", Steps = 1 };

        var first = await _service.Maintenance.RollbackAsync(request);
        var second = await _service.Maintenance.RollbackAsync(request);

        Assert.Equal(first.Operation.Id, second.Operation.Id);
        Assert.Equal(first.Result, second.Result);
        Assert.Equal(Versions.Fields, await _service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Same_body_with_another_wait_is_the_same_request()
    {
        await fixture.BringToAsync(Versions.Indexes);

        var first = await _service.Maintenance.RollbackAsync(new RollbackRequest { RequestId = "wait" });
        var second = await _service.Maintenance.RollbackAsync(new RollbackRequest { RequestId = "wait", WaitTimeout = new() });

        Assert.Equal(first.Operation.Id, second.Operation.Id);
    }

    [Fact]
    public async Task Another_body_is_refused_and_names_the_field_and_the_operation()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var first = await _service.Maintenance.RollbackAsync(new RollbackRequest { RequestId = "other", Steps = 1 });

        var error = await Expect.BadFieldAsync(
            "request_id", async () => await _service.Maintenance.RollbackAsync(new RollbackRequest { RequestId = "other", Steps = 2 }), ErrorReasons.RequestIdReused);

        Assert.Equal(first.Operation.Id, error.OperationId);
        Assert.Equal(Versions.Fields, await _service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Same_id_of_another_caller_or_for_another_call_is_another_request()
    {
        await fixture.BringToAsync(Versions.Indexes);

        var alice = await _service.Maintenance.RollbackAsync(new RollbackRequest { RequestId = "scope" }, new Metadata { { "threatlens-caller", "alice" } });
        var bob = await _service.Maintenance.RollbackAsync(new RollbackRequest { RequestId = "scope" }, new Metadata { { "threatlens-caller", "bob" } });
        var up = await _service.Maintenance.MigrateAsync(new MigrateRequest { RequestId = "scope" }, new Metadata { { "threatlens-caller", "alice" } });

        Assert.Equal(3, new[] { alice.Operation.Id, bob.Operation.Id, up.Operation.Id }.Distinct().Count());
        Assert.Equal((Versions.Fields, Versions.Tables), (alice.Result.ToVersion, bob.Result.ToVersion));
    }

    [Fact]
    public async Task Same_request_at_the_same_time_is_one_operation()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var request = new RollbackRequest { RequestId = "race", Steps = 1 };

        var responses = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => await _service.Maintenance.RollbackAsync(request)));

        Assert.Single(responses.Select(r => r.Operation.Id).Distinct());
        Assert.All(responses, r => Assert.Equal(OperationState.Succeeded, r.Operation.State));
        Assert.Equal(Versions.Fields, await _service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Request_repeated_after_a_restart_returns_the_operation_of_before()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var request = new RollbackRequest { RequestId = "restart" };
        var first = await _service.Maintenance.RollbackAsync(request);

        await _service.RestartAsync();
        var second = await _service.Maintenance.RollbackAsync(request);

        Assert.Equal(first.Operation.Id, second.Operation.Id);
        Assert.Equal(first.Result, second.Result);
        Assert.Equal(Versions.Fields, await _service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Request_that_failed_fails_again_with_the_same_operation()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var request = new RollbackRequest { RequestId = "failed", Version = "001" };
        async Task CallAsync() => await _service.Maintenance.RollbackAsync(request);

        var first = await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.LaterVersionsApplied, CallAsync);
        await fixture.BringToAsync(Versions.Tables);
        var second = await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.LaterVersionsApplied, CallAsync);
        await _service.RestartAsync();
        var third = await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.LaterVersionsApplied, CallAsync);

        Assert.NotEqual("", first.OperationId);
        Assert.Equal([first.OperationId, first.OperationId], [second.OperationId, third.OperationId]);
        Assert.Equal(first.Metadata, third.Metadata);
        Assert.Equal(Versions.Tables, await _service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Request_repeated_while_it_runs_waits_for_the_same_operation()
    {
        await fixture.BringToAsync(Versions.Tables);
        using var slow = SlowStep.Plant(_service.Database, Versions.Fields);
        var request = new MigrateRequest { RequestId = "running", WaitTimeout = new() };

        var first = await _service.Maintenance.MigrateAsync(request);
        var second = await _service.Maintenance.MigrateAsync(new MigrateRequest { RequestId = "running" });

        Assert.Null(first.Operation.EndTime);
        Assert.Equal(first.Operation.Id, second.Operation.Id);
        Assert.Equal(Versions.Indexes, second.Result.ToVersion);
    }

    [Fact]
    public async Task Configuration_update_repeated_with_its_etag_is_the_same_operation()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var etag = (await _service.Maintenance.GetMonitoringConfigAsync(new GetMonitoringConfigRequest())).Etag;
        var request = new UpdateMonitoringConfigRequest { RequestId = "config", Etag = etag, Config = new MonitoringConfig { Enabled = true, Paths = { "/var/log/once" } } };

        var first = await _service.Maintenance.UpdateMonitoringConfigAsync(request);
        // The answer was lost, the caller asks again: its etag is no longer the stored one, and that is its own doing.
        var second = await _service.Maintenance.UpdateMonitoringConfigAsync(request);

        Assert.Equal(first.Operation.Id, second.Operation.Id);
        Assert.Equal(first.Result.Etag, second.Result.Etag);
    }
}
