using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Health;

internal static partial class Log
{
    [LoggerMessage(302, LogLevel.Warning, "The integrity check could not run; the integrity stays unknown")]
    public static partial void IntegrityUnknown(ILogger logger, Exception exception);

    [LoggerMessage(303, LogLevel.Warning, "Counting rows failed ({Reason})")]
    public static partial void CountFailed(ILogger logger, Exception exception, string reason);
}
