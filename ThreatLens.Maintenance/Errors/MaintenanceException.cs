namespace ThreatLens.Maintenance.Errors;

/// <summary>
/// An error that a caller can act on: it carries a stable reason, says what to change, and whether a retry can help.
/// Transports map <see cref="Kind"/> to their own status codes.
/// </summary>
public sealed class MaintenanceException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="kind">The class of the failure; decides the transport's status code.</param>
    /// <param name="reason">One of <see cref="ErrorReasons"/>.</param>
    /// <param name="message">What is wrong and what to change, in one or two sentences, without secrets.</param>
    /// <param name="innerException">The cause, for logs; never shown to callers.</param>
    public MaintenanceException(ErrorKind kind, string reason, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
        Reason = reason;
    }

    /// <summary>The class of the failure.</summary>
    public ErrorKind Kind { get; }

    /// <summary>A stable UPPER_SNAKE constant from <see cref="ErrorReasons"/>; safe to branch on.</summary>
    public string Reason { get; }

    /// <summary>Path of the request field at fault, in the contract's snake_case; null when no single field is.</summary>
    public string? Field { get; init; }

    /// <summary>How long to wait before a retry can help; null when a retry of the same request cannot.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Id of the operation that failed or that stands in the way; null when none was started.</summary>
    public string? OperationId { get; init; }

    /// <summary>Further facts for programs, such as the versions compared. Keys are lowerCamel. Never null.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>A request field that cannot be accepted, whatever the state of the database.</summary>
    /// <param name="field">Path of the field, snake_case.</param>
    /// <param name="message">What is wrong with it and what would be right.</param>
    public static MaintenanceException InvalidArgument(string field, string message) =>
        new(ErrorKind.InvalidArgument, ErrorReasons.InvalidArgument, $"{field}: {message}") { Field = field };

    /// <summary>A field or call of the contract that this version does not fill yet.</summary>
    /// <param name="what">The field's path or the RPC's name.</param>
    public static MaintenanceException NotImplemented(string what) =>
        new(ErrorKind.Unimplemented, ErrorReasons.NotImplemented, $"{what} is part of the contract but not available in this version.")
        {
            Metadata = new Dictionary<string, string> { ["feature"] = what },
        };
}
