using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Statistics.History;

internal static partial class Log
{
    [LoggerMessage(910, LogLevel.Warning, "A health sample could not be stored ({Reason}); it is remembered while this process runs")]
    public static partial void NotRecorded(ILogger logger, Exception exception, string reason);
}
