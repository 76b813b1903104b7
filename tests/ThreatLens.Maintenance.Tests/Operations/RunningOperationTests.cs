using ThreatLens.Maintenance.Operations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Operations;

public sealed class RunningOperationTests
{
    [Fact]
    public async Task WatchAsync_slow_reader_gets_the_latest_snapshot_not_every_one()
    {
        var running = Create();
        await using var watch = running.WatchAsync(0, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(OperationState.Queued, watch.Current.State);

        running.Start("trace");
        for (var i = 1; i <= 100; i++)
            running.Report($"step {i}", i, 100, "steps");

        Assert.True(await watch.MoveNextAsync());
        Assert.Equal((100, "step 100"), (watch.Current.Progress.Completed, watch.Current.Progress.Message));
        Assert.Equal(102, watch.Current.Progress.Sequence);
    }

    [Fact]
    public async Task WatchAsync_after_a_sequence_skips_what_was_seen_and_ends_with_the_end()
    {
        var running = Create();
        running.Start(null);
        await using var watch = running.WatchAsync(running.Current.Progress.Sequence, CancellationToken.None).GetAsyncEnumerator();
        var next = watch.MoveNextAsync();
        Assert.False(next.IsCompleted);
        running.End(OperationState.Succeeded, "result", null, DateTimeOffset.UnixEpoch);
        Assert.True(await next);
        Assert.True(watch.Current.HasEnded);
        Assert.False(await watch.MoveNextAsync());
    }

    [Fact]
    public void Cancel_running_asks_and_ended_refuses()
    {
        var running = Create();
        running.Start(null);
        Assert.True(running.Cancel());
        Assert.Equal(OperationState.Cancelling, running.Current.State);
        Assert.True(running.Cancellation.IsCancellationRequested);
        running.End(OperationState.Cancelled, null, null, DateTimeOffset.UnixEpoch);
        Assert.False(running.Cancel());
        Assert.Equal(OperationState.Cancelled, running.Current.State);
    }

    private static RunningOperation Create() => new(
        new Operation
        {
            Id = "0123",
            Kind = OperationKind.Migrate,
            State = OperationState.Queued,
            Caller = new OperationCaller("test", false),
            CreatedAt = DateTimeOffset.UnixEpoch,
            Progress = new OperationProgress(1, "", 0, 0, "", DateTimeOffset.UnixEpoch),
        },
        TimeProvider.System);
}
