namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// The order in which this process's writers take turns: strictly first come, first served. SQLite itself gives the write lock to
/// whoever polls at the right moment, so that a busy ingest could starve a cleanup or the reverse. Every writer of the process enters
/// the gate for the length of its transaction. Thread-safe; not re-entrant.
/// </summary>
public sealed class WriteGate
{
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource<IDisposable>> _waiting = new();
    private bool _taken;

    /// <summary>How many writers are waiting now, those that gave up but were not yet passed over included. For diagnostics.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Waits for this writer's turn.</summary>
    /// <param name="cancellationToken">Gives up the place in the queue.</param>
    /// <returns>The turn; dispose it to let the next writer in (more than once does no harm).</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before the turn came.</exception>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken = default)
    {
        var place = Queue(cancellationToken);
        using (cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource<IDisposable>)state!).TrySetCanceled(token), place))
            return await place.Task.ConfigureAwait(false);
    }

    /// <summary>Like <see cref="EnterAsync"/>, blocking the calling thread; for writers with a thread of their own.</summary>
    /// <inheritdoc cref="EnterAsync"/>
    public IDisposable Enter(CancellationToken cancellationToken = default)
    {
        var place = Queue(cancellationToken);
        using (cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource<IDisposable>)state!).TrySetCanceled(token), place))
            return place.Task.GetAwaiter().GetResult();
    }

    private TaskCompletionSource<IDisposable> Queue(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Continuations must not run inside Leave: the next writer's work would run on the leaving writer's thread.
        var place = new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_taken)
            {
                _waiting.Enqueue(place);
                return place;
            }

            _taken = true;
        }

        place.SetResult(new Turn(this));
        return place;
    }

    private void Leave()
    {
        lock (_lock)
        {
            // A place whose writer gave up refuses the turn, which then goes to the next.
            while (_waiting.TryDequeue(out var next))
            {
                if (next.TrySetResult(new Turn(this)))
                    return;
            }

            _taken = false;
        }
    }

    private sealed class Turn(WriteGate gate) : IDisposable
    {
        private WriteGate? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Leave();
    }
}
