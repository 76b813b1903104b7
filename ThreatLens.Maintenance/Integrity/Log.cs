using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Integrity;

internal static partial class Log
{
    [LoggerMessage(800, LogLevel.Information, "The {Depth} integrity check found nothing in {Milliseconds} ms")]
    public static partial void Intact(ILogger logger, IntegrityDepth depth, double milliseconds);

    [LoggerMessage(801, LogLevel.Critical, "The {Depth} integrity check found {Count} problems, the first: {Problem}")]
    public static partial void Damaged(ILogger logger, IntegrityDepth depth, int count, string problem);

    [LoggerMessage(802, LogLevel.Warning, "What the integrity check found could not be written down ({Reason}); it is remembered until the process ends")]
    public static partial void NotRecorded(ILogger logger, Exception exception, string reason);
}
