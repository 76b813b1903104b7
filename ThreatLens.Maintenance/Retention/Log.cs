using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Retention;

internal static partial class Log
{
    [LoggerMessage(700, LogLevel.Information, "Cleanup {OperationId} deleted {Rows} rows in {Chunks} transactions")]
    public static partial void Cleaned(ILogger logger, string operationId, long rows, long chunks);

    [LoggerMessage(701, LogLevel.Warning, "The database is locked by another program; the cleanup tries again")]
    public static partial void Locked(ILogger logger, Exception exception);

    [LoggerMessage(702, LogLevel.Warning, "A transaction of {Rows} rows did not fit on the disk; the next one is smaller")]
    public static partial void DidNotFit(ILogger logger, Exception exception, int rows);

    [LoggerMessage(703, LogLevel.Warning, "Somebody who reads keeps the write-ahead log from being emptied, and there is little room left for it; the cleanup waits")]
    public static partial void LogInUse(ILogger logger);

    [LoggerMessage(704, LogLevel.Information, "{Bytes} bytes beside the database, kept for a disk that is full, were given up")]
    public static partial void ReserveGivenUp(ILogger logger, long bytes);
}
