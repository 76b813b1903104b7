using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Rpc;
using Grpc.Core;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client;

/// <summary>
/// Why a call or an operation failed, read from the details that the service sends along: what to show to people and what programs can
/// branch on.
/// </summary>
public sealed record MaintenanceFailure
{
    /// <summary>The error domain of the service's reasons.</summary>
    public const string Domain = "threatlens.maintenance";

    private const string OperationIdKey = "operationId";

    /// <summary>The canonical code.</summary>
    public required StatusCode Code { get; init; }

    /// <summary>
    /// A stable constant of the domain, such as <c>OPERATION_CONFLICT</c>; docs/operations.md lists them with their remedies. Empty when
    /// the error is not the service's own: nobody answered, or something in between did.
    /// </summary>
    public required string Reason { get; init; }

    /// <summary>What is wrong and what to change, for people; when nobody answered, what the network said.</summary>
    public required string Message { get; init; }

    /// <summary>The operation that failed or that stands in the way; empty when there is none.</summary>
    public string OperationId { get; init; } = string.Empty;

    /// <summary>How long to wait before the same request can succeed; null when a retry cannot help.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>The request's fields at fault, snake_case, each with what is wrong with it.</summary>
    public IReadOnlyList<(string Field, string Description)> FieldViolations { get; init; } = [];

    /// <summary>What has to be changed outside the request first, each with its subject and what is wrong with it.</summary>
    public IReadOnlyList<(string Subject, string Description)> Preconditions { get; init; } = [];

    /// <summary>Further facts for programs, by lowerCamel key; without the operation's id.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the service itself answered, so that <see cref="Reason"/> is set.</summary>
    public bool IsFromService => Reason.Length > 0;

    /// <summary>Reads a failed call. Details that cannot be decoded count as absent.</summary>
    /// <param name="exception">What the call threw.</param>
    public static MaintenanceFailure FromException(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var details = Details(exception);
        var info = details.OfType<ErrorInfo>().FirstOrDefault(info => info.Domain == Domain);
        return new MaintenanceFailure
        {
            Code = exception.StatusCode,
            Reason = info?.Reason ?? string.Empty,
            Message = info is null ? WithCause(exception) : exception.Status.Detail,
            OperationId = OperationIdIn(info?.Metadata),
            RetryDelay = details.OfType<RetryInfo>().FirstOrDefault()?.RetryDelay?.ToTimeSpan(),
            FieldViolations = [.. details.OfType<BadRequest>()
                .SelectMany(request => request.FieldViolations, (_, violation) => (violation.Field, violation.Description))],
            Preconditions = [.. details.OfType<PreconditionFailure>()
                .SelectMany(failure => failure.Violations, (_, violation) => (violation.Subject, violation.Description))],
            Metadata = OtherThanOperationId(info?.Metadata),
        };
    }

    /// <summary>Reads an operation that ended otherwise than SUCCEEDED.</summary>
    /// <param name="operation">The operation, as GetOperation or WatchOperation returned it.</param>
    /// <returns>Null when it has no error: it succeeded, or has not ended.</returns>
    public static MaintenanceFailure? FromOperation(Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Error is not { } error ? null : new MaintenanceFailure
        {
            Code = (StatusCode)error.Code,
            Reason = error.Reason,
            Message = error.Message,
            OperationId = operation.Id,
            Metadata = OtherThanOperationId(error.Metadata),
        };
    }

    private static string WithCause(RpcException exception)
    {
        var detail = exception.Status.Detail;
        return exception.Status.DebugException?.GetBaseException().Message is { } cause && !detail.Contains(cause, StringComparison.Ordinal)
            ? $"{detail} {cause}"
            : detail;
    }

    private static List<IMessage> Details(RpcException exception)
    {
        try
        {
            return [.. (exception.GetRpcStatus()?.Details ?? []).Select(Unpack).OfType<IMessage>()];
        }
        catch (InvalidProtocolBufferException)
        {
            return [];
        }
    }

    private static IMessage? Unpack(Google.Protobuf.WellKnownTypes.Any detail) =>
        detail.TryUnpack<ErrorInfo>(out var info) ? info
        : detail.TryUnpack<BadRequest>(out var badRequest) ? badRequest
        : detail.TryUnpack<PreconditionFailure>(out var precondition) ? precondition
        : detail.TryUnpack<RetryInfo>(out var retry) ? retry
        : null;

    private static string OperationIdIn(MapField<string, string>? metadata) =>
        metadata is not null && metadata.TryGetValue(OperationIdKey, out var id) ? id : string.Empty;

    private static Dictionary<string, string> OtherThanOperationId(MapField<string, string>? metadata) =>
        (metadata ?? []).Where(entry => entry.Key != OperationIdKey).ToDictionary(entry => entry.Key, entry => entry.Value);
}
