using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Operations;

/// <summary>An operation as it was at one moment. Immutable.</summary>
public sealed record Operation
{
    /// <summary>Identifier: 32 lower-case hexadecimal digits, ordered by creation time to the millisecond.</summary>
    public required string Id { get; init; }

    /// <summary>What it does.</summary>
    public required OperationKind Kind { get; init; }

    /// <summary>Where it stands.</summary>
    public required OperationState State { get; init; }

    /// <summary>Who asked for it.</summary>
    public required OperationCaller Caller { get; init; }

    /// <summary>The caller's request id; null when none was given.</summary>
    public string? RequestId { get; init; }

    /// <summary>When it was asked for, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it began to run, UTC; null while queued.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, UTC; null until then.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>W3C trace id of its span, 32 hexadecimal digits; null when it was not traced.</summary>
    public string? TraceId { get; init; }

    /// <summary>The latest snapshot of its progress.</summary>
    public required OperationProgress Progress { get; init; }

    /// <summary>Why it did not succeed; null unless it failed, was cancelled or interrupted.</summary>
    public OperationFailure? Failure { get; init; }

    /// <summary>What it did, a record whose type goes with <see cref="Kind"/>; null until it succeeded.</summary>
    public object? Result { get; init; }

    /// <summary>Whether it has ended, well or not.</summary>
    public bool HasEnded => State is OperationState.Succeeded or OperationState.Failed or OperationState.Cancelled or OperationState.Interrupted;

    /// <summary>How long it ran up to <paramref name="now"/>, or in all when it has ended; null while queued.</summary>
    public TimeSpan? Duration(DateTimeOffset now) => StartedAt is { } start ? (EndedAt ?? now) - start : null;
}

/// <summary>Who asks for an operation.</summary>
/// <param name="Name">Name or address, 1 to 255 characters.</param>
/// <param name="IsVerified">Whether the name was proven.</param>
public sealed record OperationCaller(string Name, bool IsVerified);

/// <summary>How far an operation is.</summary>
/// <param name="Sequence">Grows with every change, from 1.</param>
/// <param name="Message">What is being done, for people.</param>
/// <param name="Completed">Units done, from 0.</param>
/// <param name="Total">Units in all; 0 while unknown.</param>
/// <param name="Unit">What a unit is; empty when nothing is counted.</param>
/// <param name="UpdatedAt">When the snapshot was taken, UTC.</param>
public sealed record OperationProgress(long Sequence, string Message, long Completed, long Total, string Unit, DateTimeOffset UpdatedAt)
{
    /// <summary>How long it will still take; null: unknown.</summary>
    public TimeSpan? EstimatedRemaining { get; init; }
}

/// <summary>Why an operation did not succeed.</summary>
/// <param name="Kind">The class of the failure.</param>
/// <param name="Reason">One of <see cref="ErrorReasons"/>.</param>
/// <param name="Message">For people.</param>
/// <param name="Metadata">Further facts for programs.</param>
public sealed record OperationFailure(ErrorKind Kind, string Reason, string Message, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Path of the request field at fault; null when no single field is.</summary>
    public string? Field { get; init; }

    /// <summary>How long to wait before a new request can succeed; null when a retry cannot help.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The failure that an exception stands for. What is not a <see cref="MaintenanceException"/> is a defect and says no more than that.</summary>
    /// <param name="exception">What ended the operation.</param>
    public static OperationFailure From(Exception exception) => exception is MaintenanceException e
        ? new OperationFailure(e.Kind, e.Reason, e.Message, e.Metadata) { Field = e.Field, RetryAfter = e.RetryAfter }
        : new OperationFailure(ErrorKind.Internal, ErrorReasons.Internal, "The operation failed by a defect of this service; its log has the details.", new Dictionary<string, string>());

    /// <summary>The error to hand to whoever waits for the operation.</summary>
    /// <param name="operationId">The operation.</param>
    public MaintenanceException ToException(string operationId) =>
        new(Kind, Reason, Message) { Metadata = Metadata, Field = Field, RetryAfter = RetryAfter, OperationId = operationId };
}
