using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Operations;

internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "{Kind} {OperationId} started for {Caller}")]
    public static partial void Started(ILogger logger, OperationKind kind, string operationId, string caller);

    [LoggerMessage(101, LogLevel.Information, "{Kind} {OperationId} ended {State} after {Milliseconds} ms")]
    public static partial void Ended(ILogger logger, OperationKind kind, string operationId, OperationState state, double milliseconds);

    [LoggerMessage(102, LogLevel.Error, "{Kind} {OperationId} failed")]
    public static partial void Failed(ILogger logger, Exception exception, OperationKind kind, string operationId);

    [LoggerMessage(104, LogLevel.Error, "{Kind} {OperationId} failed ({Reason}): {Why}")]
    public static partial void FailedForAReason(ILogger logger, OperationKind kind, string operationId, string reason, string why);

    [LoggerMessage(103, LogLevel.Error, "{Kind} {OperationId} ended {State}, but that could not be recorded")]
    public static partial void NotRecorded(ILogger logger, Exception exception, OperationKind kind, string operationId, OperationState state);
}
