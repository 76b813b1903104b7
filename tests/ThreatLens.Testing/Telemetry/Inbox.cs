namespace ThreatLens.Testing.Telemetry;

/// <summary>What arrived so far, and a way to wait for more. Thread-safe.</summary>
internal sealed class Inbox<T>
{
    private readonly Lock _lock = new();
    private readonly List<T> _items = [];
    private TaskCompletionSource _changed = NewSignal();

    public IReadOnlyList<T> Items
    {
        get
        {
            lock (_lock)
                return [.. _items];
        }
    }

    public void Add(IEnumerable<T> items)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _items.AddRange(items);
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }

    /// <exception cref="TimeoutException">None came in time; the message lists what did.</exception>
    public async Task<T> WaitAsync(Func<T, bool> predicate, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        while (true)
        {
            Task changed;
            T[] items;
            lock (_lock)
            {
                changed = _changed.Task;
                items = [.. _items];
            }

            var found = Array.FindIndex(items, item => predicate(item));
            if (found >= 0)
                return items[found];

            try
            {
                await changed.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"None of {items.Length} received within {timeout.TotalSeconds} s is the one waited for:{Environment.NewLine}"
                    + string.Join(Environment.NewLine, items));
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
