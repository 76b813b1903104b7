using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using Status = Google.Rpc.Status;

namespace ThreatLens.Maintenance.Grpc.Errors;

/// <summary>Turns the domain's errors into google.rpc.Status with details.</summary>
internal static class RpcErrors
{
    /// <summary>The metadata key of an operation's id.</summary>
    public const string OperationIdKey = "operationId";

    public static RpcException ToRpcException(this MaintenanceException e) => e.ToStatus().ToRpcException();

    /// <summary>The error as it goes over the wire, with its details.</summary>
    public static Status ToStatus(this MaintenanceException e)
    {
        var info = new ErrorInfo { Domain = ErrorReasons.Domain, Reason = e.Reason, Metadata = { e.Metadata.ToDictionary() } };
        if (e.OperationId is not null)
            info.Metadata[OperationIdKey] = e.OperationId;
        var status = new Status { Code = (int)ToCode(e.Kind), Message = e.Message, Details = { Any.Pack(info) } };
        if (e.Field is not null)
            status.Details.Add(Any.Pack(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = e.Field, Description = e.Message } } }));
        if (e.Kind == ErrorKind.FailedPrecondition)
            status.Details.Add(Any.Pack(new PreconditionFailure { Violations = { new PreconditionFailure.Types.Violation { Type = e.Reason, Subject = "database", Description = e.Message } } }));
        if (e.RetryAfter is { } delay)
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }));
        return status;
    }

    public static Code ToCode(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => Code.InvalidArgument,
        ErrorKind.NotFound => Code.NotFound,
        ErrorKind.FailedPrecondition => Code.FailedPrecondition,
        ErrorKind.Aborted => Code.Aborted,
        ErrorKind.Unavailable => Code.Unavailable,
        ErrorKind.ResourceExhausted => Code.ResourceExhausted,
        ErrorKind.PermissionDenied => Code.PermissionDenied,
        ErrorKind.Unimplemented => Code.Unimplemented,
        ErrorKind.Cancelled => Code.Cancelled,
        ErrorKind.DataLoss => Code.DataLoss,
        _ => Code.Internal,
    };
}
