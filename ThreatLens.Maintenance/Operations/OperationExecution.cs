using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Operations;

/// <summary>One operation from its turn to its recorded end, on the thread that <see cref="Run"/> is called on. Used once.</summary>
internal sealed class OperationExecution
{
    private static readonly TimeSpan TurnPoll = TimeSpan.FromMilliseconds(200);
    private readonly RunningOperation _running;
    private readonly OperationWork _work;
    private readonly OperationRequest _request;
    private readonly MaintenanceLock? _heldLock;
    private readonly OperationStore _store;
    private readonly SqliteDatabase _database;
    private readonly Func<IReadOnlyList<Operation>> _others;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Activity? _span;

    /// <summary>Begins the operation's span, as a child of the caller's or detached from it: so on the caller's thread.</summary>
    public OperationExecution(
        RunningOperation running, OperationWork work, OperationRequest request, MaintenanceLock? heldLock, OperationStore store, SqliteDatabase database,
        Func<IReadOnlyList<Operation>> others, TimeProvider time, ILogger logger)
    {
        (_running, _work, _request, _heldLock) = (running, work, request, heldLock);
        (_store, _database, _others, _time, _logger) = (store, database, others, time, logger);
        _span = StartSpan(request, running.Current);
    }

    /// <summary>What the lock's file says of the operation.</summary>
    public static LockOwner Owner(Operation operation) => new($"{operation.Kind} for {operation.Caller.Name}") { OperationId = operation.Id };

    /// <summary>Runs it. Never throws: whatever went wrong becomes its recorded end.</summary>
    public Operation Run()
    {
        Activity.Current = _span;
        using (_span)
        {
            try
            {
                return End(OperationState.Succeeded, Work(), null);
            }
            catch (Exception e) when (_running.Cancellation.IsCancellationRequested && e is OperationCanceledException or MaintenanceException { Kind: ErrorKind.Cancelled })
            {
                var failure = e is MaintenanceException
                    ? OperationFailure.From(e)
                    : new OperationFailure(ErrorKind.Cancelled, ErrorReasons.OperationCancelled, "The operation was cancelled at a safe point.", new Dictionary<string, string>());
                return End(OperationState.Cancelled, null, failure);
            }
            catch (Exception e)
            {
                // What callers can act on says all there is to say; where it was thrown is for defects.
                if (e is MaintenanceException { Kind: not ErrorKind.Internal } error)
                    Log.FailedForAReason(_logger, _work.Kind, _running.Current.Id, error.Reason, error.Message);
                else
                    Log.Failed(_logger, e, _work.Kind, _running.Current.Id);
                _span?.AddException(e);
                return End(OperationState.Failed, null, OperationFailure.From(e));
            }
        }
    }

    /// <summary>The lock is free again before anybody hears of the end, or the next caller would be refused.</summary>
    private object Work()
    {
        using var held = _heldLock ?? WaitForTurn();
        _running.Start(_span?.TraceId.ToHexString());
        _store.Update(_running.Current);
        _running.Cancellation.Token.ThrowIfCancellationRequested();
        Log.Started(_logger, _work.Kind, _running.Current.Id, _request.Caller.Name);
        return _work.Run(new OperationContext(_running));
    }

    /// <summary>For the start-up migration: waits until neither this process nor another changes the database.</summary>
    private MaintenanceLock? WaitForTurn()
    {
        if (!_request.WaitsForTurn)
            return null;
        var token = _running.Cancellation.Token;
        while (_others().Any(o => o.Id != _running.Current.Id && o is { StartedAt: not null, HasEnded: false } && _work.Kind.Excludes(o.Kind)))
        {
            token.WaitHandle.WaitOne(TurnPoll);
            token.ThrowIfCancellationRequested();
        }

        return _work.Kind.IsExclusive() && _work.NeedsLock()
            ? MaintenanceLock.AcquireAsync(_database.LockPath, Owner(_running.Current), Timeout.InfiniteTimeSpan, _time, token).GetAwaiter().GetResult()
            : null;
    }

    private Operation End(OperationState state, object? result, OperationFailure? failure)
    {
        // Recorded before anybody hears of it, and exactly as they will.
        var endedAt = _time.GetUtcNow();
        _running.IsRecorded = _store.TryUpdate(RunningOperation.Ended(_running.Current, state, result, failure, endedAt), _logger);
        if (result is not null)
            _work.Succeeded(result);
        var ended = _running.End(state, result, failure, endedAt);
        var duration = ended.Duration(_time.GetUtcNow()) ?? TimeSpan.Zero;
        MaintenanceMetrics.RecordOperation(ended.Kind.ToString().ToLowerInvariant(), state.ToString().ToLowerInvariant(), duration);
        _span?.SetTag("threatlens.operation.state", state.ToString());
        _span?.SetStatus(state == OperationState.Failed ? ActivityStatusCode.Error : ActivityStatusCode.Unset, failure?.Message);
        if (failure is not null)
            _span?.SetTag("error.type", failure.Reason);
        Log.Ended(_logger, ended.Kind, ended.Id, state, duration.TotalMilliseconds);
        return ended;
    }

    private static Activity? StartSpan(OperationRequest request, Operation operation)
    {
        var caller = Activity.Current;
        var links = request.IsDetached && caller is not null ? new[] { new ActivityLink(caller.Context) } : null;
        if (request.IsDetached)
            Activity.Current = null;
        var span = MaintenanceDiagnostics.ActivitySource.StartActivity(operation.Kind.ToString(), ActivityKind.Internal, default(ActivityContext), links: links);
        // The span belongs to the thread that does the work; this one goes on in its caller's.
        Activity.Current = caller;
        return span?.SetTag("threatlens.operation.id", operation.Id)
            .SetTag("threatlens.operation.kind", operation.Kind.ToString())
            .SetTag("threatlens.operation.caller", operation.Caller.Name);
    }
}
