using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Operations;

/// <summary>
/// Runs everything that changes the database as an operation: recorded before it starts, one at a time where operations exclude each
/// other, watched and cancelled by id, and finished whether or not its caller still waits. Thread-safe.
/// </summary>
public sealed class OperationRunner(
    OperationStore store, ServiceSchema schema, SqliteDatabase database, TimeProvider time, ILogger<OperationRunner> logger)
{
    private static readonly TimeSpan FollowPoll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RecordRetry = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _admission = new(1, 1);
    private readonly Dictionary<string, (RunningOperation Running, Task<Operation> End)> _running = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>The operations that this process runs now, with those that have ended and could not be recorded yet.</summary>
    public IReadOnlyList<Operation> Running => [.. All().Select(r => r.Running.Current)];

    /// <summary>Tells of each operation of this process that has ended, well or not; called on a pool thread and not to be held up.</summary>
    public event Action<Operation>? Ended;
    /// <summary>Whether everything has been asked to stop, for the end of the process.</summary>
    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>Starts an operation and waits for its end, or as long as the caller asked to.</summary>
    /// <param name="work">What to run.</param>
    /// <param name="request">Who asks, and how long to wait; the operation goes on after that, and after a cancelled wait.</param>
    /// <param name="cancellationToken">Ends the wait, not the operation.</param>
    /// <returns>The operation: succeeded, or still on its way when the wait ran out.</returns>
    /// <exception cref="MaintenanceException">It was refused, or it has failed (then with its id).</exception>
    public async Task<Operation> ExecuteAsync(OperationWork work, OperationRequest request, CancellationToken cancellationToken)
    {
        var (current, end) = await StartAsync(work, request, cancellationToken).ConfigureAwait(false);
        var operation = await WaitAsync(current, end, request.Wait, cancellationToken).ConfigureAwait(false);
        return operation.Failure is { } failure ? throw failure.ToException(operation.Id) : operation;
    }

    /// <summary>The operation of that id as it is now, of this process or from the record.</summary>
    /// <param name="id">Identifier of the operation.</param>
    /// <exception cref="MaintenanceException">OPERATION_NOT_FOUND.</exception>
    public Operation Get(string id) => FindRunning(id)?.Current ?? store.Find(id) ?? throw NotFound(id);

    /// <summary>Follows an operation: the current snapshot when it is newer, then later ones; the last one has ended.</summary>
    /// <param name="id">Identifier of the operation.</param>
    /// <param name="afterSequence">Only snapshots with a larger progress sequence; the ended one always comes.</param>
    /// <param name="cancellationToken">Stops following.</param>
    /// <exception cref="MaintenanceException">OPERATION_NOT_FOUND.</exception>
    public IAsyncEnumerable<Operation> WatchAsync(string id, long afterSequence, CancellationToken cancellationToken) =>
        FindRunning(id) is { } running ? running.WatchAsync(afterSequence, cancellationToken) : FollowAsync(id, afterSequence, cancellationToken);

    /// <summary>A page of operations, newest first; those that run are as they are now, not as last recorded.</summary>
    /// <param name="limit">Most to return, 1 or more.</param>
    /// <param name="beforeId">Only those older than this one; null: from the newest.</param>
    /// <param name="kind">Only this kind; null: all.</param>
    /// <param name="state">Only this state; null: all.</param>
    public IReadOnlyList<Operation> List(int limit, string? beforeId, OperationKind? kind, OperationState? state)
    {
        var running = Running;
        var ids = running.Select(o => o.Id).ToHashSet();
        // The record of a running operation may be of another state: it neither counts nor takes a place on the page.
        var recorded = store.List(limit + ids.Count, beforeId, kind, state).Where(o => !ids.Contains(o.Id));
        var current = running.Where(o => (beforeId is null || string.CompareOrdinal(o.Id, beforeId) < 0) && (kind ?? o.Kind) == o.Kind && (state ?? o.State) == o.State);
        return [.. current.Concat(recorded).OrderByDescending(o => o.Id, StringComparer.Ordinal).Take(limit)];
    }

    /// <summary>Whether a process that the record names has ended; false also when that cannot be told.</summary>
    internal bool IsGone(string? process) => store.IsGone(process);

    /// <summary>Asks an operation to stop at its next safe point.</summary>
    /// <param name="id">Identifier of the operation.</param>
    /// <returns>The operation as it is now.</returns>
    /// <exception cref="MaintenanceException">OPERATION_NOT_FOUND, OPERATION_ENDED; OPERATION_CONFLICT: another process runs it.</exception>
    public Operation Cancel(string id)
    {
        if (FindRunning(id) is { } running && running.Cancel())
            return running.Current;
        var ended = Get(id);
        if (!ended.HasEnded)
            throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.OperationConflict, $"Operation {id} is run by another process; only that one can cancel it.") { OperationId = id };
        throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.OperationEnded, $"Operation {id} has already ended: {ended.State}.") { OperationId = id };
    }

    /// <summary>Asks everything to stop at its next safe point; for the end of the process.</summary>
    public void CancelAll()
    {
        _stopping.Cancel();
        foreach (var (running, _) in All())
            running.Cancel();
    }

    /// <summary>Waits for everything to end.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WaitForAllAsync(CancellationToken cancellationToken) => Task.WhenAll(All().Select(r => r.End)).WaitAsync(cancellationToken);

    private (RunningOperation Running, Task<Operation> End)[] All()
    {
        lock (_running)
            return [.. _running.Values];
    }

    private async Task<(Operation Current, Task<Operation> End)> StartAsync(OperationWork work, OperationRequest request, CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested)
            throw new MaintenanceException(ErrorKind.Unavailable, ErrorReasons.ShuttingDown, "The service is stopping.") { RetryAfter = TimeSpan.FromSeconds(1) };
        await _admission.WaitAsync(cancellationToken).ConfigureAwait(false);
        MaintenanceLock? heldLock = null;
        try
        {
            schema.Ensure(work.CreatesDatabase, cancellationToken);
            if (request.RequestId is not null && FindRepeated(work.Kind, request) is { } repeated)
                return repeated;

            work.Check();
            var operation = NewOperation(work.Kind, request);
            if (!request.WaitsForTurn)
            {
                RefuseConflict(work.Kind);
                heldLock = TakeLock(work, operation);
            }

            store.Insert(operation, request.RequestDigest);
            var running = new RunningOperation(operation, time);
            var execution = new OperationExecution(running, work, request, heldLock, store, database, () => Running, time, logger);
            // The work must neither inherit the caller's cancellation nor block a pool thread: SQLite is synchronous.
            var end = new Task<Operation>(execution.Run, TaskCreationOptions.LongRunning);
            lock (_running)
                _running[operation.Id] = (running, end);
            // Known before it runs, so that whoever stops everything from here on finds it.
            if (_stopping.IsCancellationRequested)
                running.Cancel();
            end.Start(TaskScheduler.Default);
            heldLock = null;
            _ = ForgetAsync(running, end);
            request.Accepted(operation);
            return (running.Current, end);
        }
        finally
        {
            heldLock?.Dispose();
            _admission.Release();
        }
    }

    /// <summary>An operation of another process, or one that has ended: looks at the record until that says it ended.</summary>
    private async IAsyncEnumerable<Operation> FollowAsync(string id, long sequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var snapshot = Get(id);
            if (snapshot.Progress.Sequence > sequence || snapshot.HasEnded)
            {
                sequence = snapshot.Progress.Sequence;
                yield return snapshot;
            }

            if (snapshot.HasEnded)
                yield break;
            await Task.Delay(FollowPoll, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Operation> WaitAsync(Operation current, Task<Operation> end, TimeSpan? wait, CancellationToken cancellationToken)
    {
        try
        {
            return await end.WaitAsync(wait ?? Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return FindRunning(current.Id)?.Current ?? (end.IsCompleted ? await end.ConfigureAwait(false) : current);
        }
    }

    private (Operation Current, Task<Operation> End)? FindRepeated(OperationKind kind, OperationRequest request)
    {
        var (found, digest) = store.FindRequest(request.Caller, kind, request.RequestId!);
        if (found is null)
            return null;
        if (digest != request.RequestDigest)
        {
            throw new MaintenanceException(
                ErrorKind.InvalidArgument, ErrorReasons.RequestIdReused, $"request_id: '{request.RequestId}' was used for operation {found.Id} with a different request; use a new one.")
            {
                Field = "request_id",
                OperationId = found.Id,
            };
        }

        lock (_running)
        {
            if (_running.TryGetValue(found.Id, out var r))
                return (r.Running.Current, r.End);
        }

        // It may have ended between the two looks.
        var now = found.HasEnded ? found : store.Find(found.Id) ?? found;
        return (now, Task.FromResult(now));
    }

    private void RefuseConflict(OperationKind kind)
    {
        if (Running.FirstOrDefault(o => !o.HasEnded && kind.Excludes(o.Kind)) is { } other)
        {
            throw new MaintenanceException(
                ErrorKind.Aborted, ErrorReasons.OperationConflict, $"Operation {other.Id} ({other.Kind} for {other.Caller.Name}) is running; wait for its end, then try again.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
                OperationId = other.Id,
            };
        }
    }

    private MaintenanceLock? TakeLock(OperationWork work, Operation operation)
    {
        if (!work.Kind.IsExclusive() || !work.NeedsLock())
            return null;
        return MaintenanceLock.Acquire(database.LockPath, OperationExecution.Owner(operation), time);
    }

    private Operation NewOperation(OperationKind kind, OperationRequest request) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N"),
        Kind = kind,
        State = OperationState.Queued,
        Caller = request.Caller,
        RequestId = request.RequestId,
        CreatedAt = time.GetUtcNow(),
        Progress = new OperationProgress(1, "Waiting to start.", 0, 0, "", time.GetUtcNow()),
    };

    private RunningOperation? FindRunning(string id)
    {
        lock (_running)
            return _running.TryGetValue(id, out var found) ? found.Running : null;
    }

    /// <summary>Once it is recorded as ended; until then this process is the only one that knows.</summary>
    private async Task ForgetAsync(RunningOperation running, Task<Operation> end)
    {
        var ended = await end.ConfigureAwait(false);
        Ended?.Invoke(ended);
        while (!running.IsRecorded && !_stopping.IsCancellationRequested)
        {
            await Task.Delay(RecordRetry, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            running.IsRecorded = store.TryUpdate(ended, logger);
        }

        lock (_running)
            _running.Remove(ended.Id);
    }

    private static MaintenanceException NotFound(string id) =>
        new(ErrorKind.NotFound, ErrorReasons.OperationNotFound, $"operation_id: there is no operation '{id}'.") { Field = "operation_id" };
}
