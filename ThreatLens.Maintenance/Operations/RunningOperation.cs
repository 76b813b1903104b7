using System.Runtime.CompilerServices;

namespace ThreatLens.Maintenance.Operations;

/// <summary>An operation of this process, from its acceptance to its end; every change wakes those who watch. Thread-safe.</summary>
internal sealed class RunningOperation(Operation initial, TimeProvider time)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = NewSignal();
    private Operation _current = initial;

    /// <summary>Never disposed: without timers and linked sources there is nothing to free, and whoever cancels may come late.</summary>
    public CancellationTokenSource Cancellation { get; } = new();

    /// <summary>Whether its end is in the record.</summary>
    public bool IsRecorded { get; set; }

    public Operation Current
    {
        get
        {
            lock (_lock)
                return _current;
        }
    }

    public void Start(string? traceId) => Change(o => o with
    {
        State = o.State == OperationState.Cancelling ? o.State : OperationState.Running,
        StartedAt = time.GetUtcNow(),
        TraceId = traceId,
    });

    public void Report(string message, long completed, long total, string unit, TimeSpan? remaining = null) => Change(o =>
        o with { Progress = o.Progress with { Message = message, Completed = completed, Total = total, Unit = unit, EstimatedRemaining = remaining } });

    /// <returns>False when it has ended already.</returns>
    public bool Cancel()
    {
        if (!Change(o => o with { State = OperationState.Cancelling }))
            return false;
        Cancellation.Cancel();
        return true;
    }

    /// <returns>The operation as it ended.</returns>
    public Operation End(OperationState state, object? result, OperationFailure? failure, DateTimeOffset endedAt)
    {
        Change(o => Ended(o, state, result, failure, endedAt));
        return Current;
    }

    /// <summary>The operation as it is when it has ended so.</summary>
    public static Operation Ended(Operation operation, OperationState state, object? result, OperationFailure? failure, DateTimeOffset endedAt) => operation with
    {
        State = state,
        Result = result,
        Failure = failure,
        EndedAt = endedAt,
        Progress = operation.Progress with { Sequence = operation.Progress.Sequence + 1, UpdatedAt = endedAt, EstimatedRemaining = null },
    };

    /// <summary>The current snapshot when it is newer than <paramref name="sequence"/>, then every later one that the reader is in time for.</summary>
    public async IAsyncEnumerable<Operation> WatchAsync(long sequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            Operation snapshot;
            Task changed;
            lock (_lock)
            {
                snapshot = _current;
                changed = _changed.Task;
            }

            if (snapshot.Progress.Sequence > sequence || snapshot.HasEnded)
            {
                sequence = snapshot.Progress.Sequence;
                yield return snapshot;
            }

            if (snapshot.HasEnded)
                yield break;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private bool Change(Func<Operation, Operation> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (_current.HasEnded)
                return false;
            var next = change(_current);
            _current = next.HasEnded ? next : next with
            {
                Progress = next.Progress with { Sequence = _current.Progress.Sequence + 1, UpdatedAt = time.GetUtcNow() },
            };
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
        return true;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
