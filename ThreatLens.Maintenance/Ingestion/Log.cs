using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Ingestion;

internal static partial class Log
{
    [LoggerMessage(200, LogLevel.Warning, "{Count} batches could not be stored ({Reason}); their producers send them again")]
    public static partial void GroupFailed(ILogger logger, Exception exception, int count, string reason);

    [LoggerMessage(201, LogLevel.Error, "A defect kept {Count} batches from being stored; their producers send them again")]
    public static partial void WriterDefect(ILogger logger, Exception exception, int count);

    [LoggerMessage(202, LogLevel.Warning, "Undoing a failed group of batches failed; the connection is made anew")]
    public static partial void RollbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(203, LogLevel.Warning, "The settings for ingest services could not be read ({Reason}); the last known ones stay in force")]
    public static partial void ConfigurationUnreadable(ILogger logger, Exception exception, string reason);

    [LoggerMessage(204, LogLevel.Warning, "monitoring_config holds no readable configuration; the defaults are in force until it is updated")]
    public static partial void StoredConfigurationInvalid(ILogger logger, Exception exception);

    [LoggerMessage(210, LogLevel.Warning, "Metrics could not be summed up in the background ({Reason}); tried again, and read from their rows until then")]
    public static partial void NotSummedUp(ILogger logger, Exception exception, string reason);
}
