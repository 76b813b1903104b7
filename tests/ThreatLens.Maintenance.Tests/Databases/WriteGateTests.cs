using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Databases;

public sealed class WriteGateTests
{
    private readonly WriteGate _gate = new();

    [Fact]
    public async Task Enter_many_waiting_lets_them_in_in_order_of_arrival()
    {
        var order = new List<int>();
        var first = await _gate.EnterAsync(CancellationToken.None);
        // Asynchronous and blocking writers wait in one queue.
        var waiting = new List<Task>();
        for (var i = 0; i < 20; i++)
        {
            var number = i;
            waiting.Add(i % 2 == 0 ? EnterAsync(number) : Task.Factory.StartNew(() => Enter(number), TaskCreationOptions.LongRunning));
            await UntilWaitingAsync(i + 1);
        }

        first.Dispose();
        await Task.WhenAll(waiting).WaitAsync(Eventually.Limit);

        Assert.Equal(Enumerable.Range(0, 20), order);

        async Task EnterAsync(int number)
        {
            using (await _gate.EnterAsync(CancellationToken.None))
                order.Add(number);
        }

        void Enter(int number)
        {
            using (_gate.Enter(CancellationToken.None))
                order.Add(number);
        }
    }

    [Fact]
    public async Task Enter_from_many_threads_lets_one_in_at_a_time()
    {
        var inside = 0;
        var most = 0;
        var count = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 500), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, token) =>
        {
            using (await _gate.EnterAsync(token))
            {
                most = Math.Max(most, Interlocked.Increment(ref inside));
                await Task.Yield();
                count++;
                Interlocked.Decrement(ref inside);
            }
        });

        Assert.Equal((1, 500), (most, count));
    }

    [Fact]
    public async Task Enter_cancelled_while_waiting_gives_its_place_to_the_next()
    {
        using var cancellation = new CancellationTokenSource();
        var first = _gate.Enter(CancellationToken.None);
        var second = _gate.EnterAsync(cancellation.Token).AsTask();
        var third = _gate.EnterAsync(CancellationToken.None).AsTask();

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(third.IsCompleted);
        first.Dispose();

        using (await third.WaitAsync(Eventually.Limit))
        {
        }

        using (_gate.Enter(CancellationToken.None))
        {
        }
    }

    [Fact]
    public void Enter_token_already_cancelled_does_not_enter()
    {
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => _gate.Enter(cancellation.Token));

        using (_gate.Enter(CancellationToken.None))
        {
        }
    }

    [Fact]
    public async Task Dispose_twice_lets_only_one_in()
    {
        var first = _gate.Enter(CancellationToken.None);
        var second = _gate.EnterAsync(CancellationToken.None).AsTask();
        var third = _gate.EnterAsync(CancellationToken.None).AsTask();

        first.Dispose();
        first.Dispose();

        using (await second.WaitAsync(Eventually.Limit))
            Assert.False(third.IsCompleted);
        using (await third.WaitAsync(Eventually.Limit))
        {
        }
    }

    private Task UntilWaitingAsync(int count) => Eventually.UntilAsync(() => _gate.WaitingCount >= count, $"{count} are waiting");
}
