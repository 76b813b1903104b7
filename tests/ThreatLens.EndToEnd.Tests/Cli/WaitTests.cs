using Grpc.Core;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Maintenance;
using ThreatLens.Testing.Processes;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>Waiting for operations that take their time, that fail, and that outlive the wait.</summary>
public sealed class WaitTests
{
    private const string Id = "0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task Migrate_waits_for_the_end_and_shows_the_result()
    {
        await using var service = await StartAsync(async (_, write, _) =>
        {
            await write(Snapshot(OperationState.Running, 1));
            await write(Succeeded());
        });

        var table = await CliProcess.RunAsync(service.Address, "migrate");
        var json = await CliProcess.RunAsync(service.Address, "migrate", "--output", "json");

        Assert.Equal(0, table.Code);
        Assert.Contains("002_add_realtime_fields", table.Output, StringComparison.Ordinal);
        Assert.Contains(Id, table.Output, StringComparison.Ordinal);
        Assert.Empty(table.Error);
        Assert.Equal(0, json.Code);
        var response = MigrateResponse.Parser.ParseJson(Assert.Single(json.Lines));
        Assert.Equal(OperationState.Succeeded, response.Operation.State);
        Assert.Equal("002_add_realtime_fields", response.Result.ToVersion);
    }

    [Theory]
    [InlineData(Signals.Interrupt, true)]
    [InlineData(Signals.Terminate, true)]
    [InlineData(Signals.Interrupt, false)]
    [InlineData(Signals.Terminate, false)]
    public async Task Interrupted_wait_names_the_operation_that_goes_on(int signal, bool afterTheFirstMessage)
    {
        var watched = new TaskCompletionSource();
        await using var service = await StartAsync(async (_, write, cancellationToken) =>
        {
            if (afterTheFirstMessage)
                await write(Snapshot(OperationState.Running, 1));
            watched.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        });
        using var cli = CliProcess.Start(service.Address, "migrate");
        await watched.Task.WaitAsync(Eventually.Limit);

        cli.Signal(signal);

        Assert.Equal(3, await cli.EndAsync());
        Assert.Contains($"Operation {Id} goes on", cli.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", cli.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(service.Calls, call => call.Method.EndsWith("/CancelOperation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wait_that_is_over_first_is_exit_code_3_and_names_the_operation()
    {
        await using var service = await StartAsync(async (_, write, cancellationToken) =>
        {
            await write(Snapshot(OperationState.Running, 1));
            await Task.Delay(Timeout.Infinite, cancellationToken);
        });

        var result = await CliProcess.RunAsync(service.Address, "migrate", "--wait-timeout", "500ms", "--output", "json");

        Assert.Equal(3, result.Code);
        Assert.Contains($"Operation {Id} goes on", result.Error, StringComparison.Ordinal);
        var response = MigrateResponse.Parser.ParseJson(Assert.Single(result.Lines));
        Assert.Equal(MigrateResponse.OutcomeOneofCase.None, response.OutcomeCase);
        Assert.Equal(Id, response.Operation.Id);
    }

    [Fact]
    public async Task Wait_of_0_starts_the_operation_and_is_done()
    {
        await using var service = await StartAsync((_, _, _) => throw new InvalidOperationException("must not be watched"));

        var result = await CliProcess.RunAsync(service.Address, "migrate", "--wait-timeout", "0");

        Assert.Equal(0, result.Code);
        Assert.Contains(Id, result.Output, StringComparison.Ordinal);
        Assert.Contains("running", result.Output, StringComparison.Ordinal);
        Assert.Single(service.Calls);
    }

    [Theory]
    [InlineData(OperationState.Failed)]
    [InlineData(OperationState.Cancelled)]
    [InlineData(OperationState.Interrupted)]
    public async Task Operation_that_does_not_succeed_is_exit_code_1_and_says_why(OperationState state)
    {
        await using var service = await StartAsync(async (_, write, _) =>
        {
            var ended = Snapshot(state, 2);
            ended.Error = new OperationError { Code = 9, Reason = "SOME_REASON", Message = "what went wrong" };
            await write(ended);
        });

        var result = await CliProcess.RunAsync(service.Address, "migrate");

        Assert.Equal(1, result.Code);
        Assert.Contains("error: what went wrong", result.Error, StringComparison.Ordinal);
        Assert.Contains("SOME_REASON", result.Error, StringComparison.Ordinal);
        Assert.Contains(Id, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_goes_on_after_the_service_went_away()
    {
        var watches = 0;
        await using var service = await StartAsync(async (_, write, _) =>
        {
            if (Interlocked.Increment(ref watches) == 1)
            {
                await write(Snapshot(OperationState.Running, 1));
                throw Refusals.Of(StatusCode.Unavailable, "SHUTTING_DOWN", "the service is stopping");
            }

            await write(Succeeded());
        });

        var result = await CliProcess.RunAsync(service.Address, "operations", "watch", Id, "--output", "json");

        Assert.Equal(0, result.Code);
        Assert.Equal(
            [OperationState.Running, OperationState.Succeeded],
            result.Lines.Select(line => WatchOperationResponse.Parser.ParseJson(line).Operation.State));
    }

    [Fact]
    public async Task Watch_of_an_ended_operation_shows_it_once()
    {
        await using var service = await StartAsync((_, _, _) => throw new InvalidOperationException("must not be watched"));
        service.OnGetOperation = _ => new GetOperationResponse { Operation = Succeeded() };

        var result = await CliProcess.RunAsync(service.Address, "operations", "watch", Id, "--output", "json");

        Assert.Equal(0, result.Code);
        Assert.Equal(OperationState.Succeeded, WatchOperationResponse.Parser.ParseJson(Assert.Single(result.Lines)).Operation.State);
    }

    private static async Task<ScriptedMaintenance> StartAsync(
        Func<WatchOperationRequest, Func<Operation, Task>, CancellationToken, Task> watch)
    {
        var service = await ScriptedMaintenance.StartAsync();
        service.OnMigrate = request => request.WaitTimeout is { Seconds: 0, Nanos: 0 }
            ? new MigrateResponse { Operation = Snapshot(OperationState.Running, 1) }
            : throw new InvalidOperationException("the command line waits by itself");
        service.OnGetOperation = _ => new GetOperationResponse { Operation = Snapshot(OperationState.Running, 1) };
        service.OnWatch = watch;
        return service;
    }

    private static Operation Snapshot(OperationState state, long sequence) => new()
    {
        Id = Id,
        Kind = OperationKind.Migrate,
        State = state,
        Progress = new OperationProgress { Sequence = sequence, Message = "applying", Completed = sequence, Total = 2, Unit = "migrations" },
    };

    private static Operation Succeeded()
    {
        var operation = Snapshot(OperationState.Succeeded, 2);
        operation.Migrate = new MigrateResult
        {
            FromVersion = "001_add_realtime_tables",
            ToVersion = "002_add_realtime_fields",
            Applied = { new ExecutedMigration { Version = "002_add_realtime_fields", Statements = 3 } },
        };
        return operation;
    }
}
