namespace ThreatLens.Maintenance.Operations;

/// <summary>What to run as an operation, and for whom.</summary>
public sealed record OperationRequest
{
    /// <summary>What it does.</summary>
    public required OperationKind Kind { get; init; }

    /// <summary>Who asks.</summary>
    public required OperationCaller Caller { get; init; }

    /// <summary>
    /// Does the work, synchronously, on a thread of its own. It checks <see cref="OperationContext.CancellationToken"/> at its safe
    /// points and returns the result, a record that can be written as JSON.
    /// </summary>
    public required Func<OperationContext, object> Work { get; init; }

    /// <summary>Makes a repeated request harmless, within caller and kind; null: every request is a new operation. At most 255 characters.</summary>
    public string? RequestId { get; init; }

    /// <summary>Digest of the request's body; the same <see cref="RequestId"/> with another digest is refused.</summary>
    public string RequestDigest { get; init; } = "";

    /// <summary>
    /// Whether the schema would really change, so that the lock shared between processes is needed. Asked just before the start; only
    /// for kinds that are exclusive. Default: yes.
    /// </summary>
    public Func<bool> NeedsLock { get; init; } = static () => true;

    /// <summary>Wait for conflicting operations, of this process or another, instead of being refused. Default: refused.</summary>
    public bool WaitsForTurn { get; init; }

    /// <summary>Whether the operation may create the database file. Default: a missing file is an error.</summary>
    public bool CreatesDatabase { get; init; }

    /// <summary>The caller does not wait: the span becomes a root, linked to the caller's, instead of its child.</summary>
    public bool IsDetached { get; init; }
}
