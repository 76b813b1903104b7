namespace ThreatLens.Maintenance.Operations;

/// <summary>Who asks for an operation, and how.</summary>
public sealed record OperationRequest
{
    /// <summary>Who asks.</summary>
    public required OperationCaller Caller { get; init; }

    /// <summary>Makes a repeated request harmless, within caller and kind; null: every request is a new operation. At most 255 characters.</summary>
    public string? RequestId { get; init; }

    /// <summary>Digest of the request's body; the same <see cref="RequestId"/> with another digest is refused.</summary>
    public string RequestDigest { get; init; } = "";

    /// <summary>How long to wait for the end; zero: not at all; null: until it ends. Default null.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>Wait for conflicting operations, of this process or another, instead of being refused. Default: refused.</summary>
    public bool WaitsForTurn { get; init; }

    /// <summary>
    /// Told the operation once it is accepted and on its way, before the wait for its end; not told of a repeated request. Must neither throw nor take
    /// long: whoever comes next waits for it. Default: nobody.
    /// </summary>
    public Action<Operation> Accepted { get; init; } = static _ => { };

    /// <summary>Nobody waits: the operation's span becomes a root, linked to the caller's, instead of its child.</summary>
    public bool IsDetached => Wait == TimeSpan.Zero;
}

/// <summary>What an operation does.</summary>
public sealed record OperationWork
{
    /// <summary>Its kind.</summary>
    public required OperationKind Kind { get; init; }

    /// <summary>
    /// Does the work, synchronously, on a thread of its own. It checks <see cref="OperationContext.CancellationToken"/> at its safe
    /// points and returns the result, a record that can be written as JSON.
    /// </summary>
    public required Func<OperationContext, object> Run { get; init; }

    /// <summary>
    /// Whether the schema would really change, so that the lock shared between processes is needed. Asked just before the start; only
    /// of kinds that are exclusive. Default: yes.
    /// </summary>
    public Func<bool> NeedsLock { get; init; } = static () => true;

    /// <summary>
    /// Refuses by exception what cannot succeed, before anything is recorded; a repeated request does not come here again. Default: nothing.
    /// </summary>
    public Action Check { get; init; } = static () => { };

    /// <summary>Told the result once the operation is recorded as succeeded, before anybody who waits. Default: nobody.</summary>
    public Action<object> Succeeded { get; init; } = static _ => { };

    /// <summary>Whether it may create the database file. Default: a missing file is an error.</summary>
    public bool CreatesDatabase { get; init; }
}
