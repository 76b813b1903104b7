using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Alerting;

internal static partial class Log
{
    [LoggerMessage(920, LogLevel.Warning, "Figures for alerts could not be read ({Source}); they are not sent until they can")]
    public static partial void NotRead(ILogger logger, Exception exception, string source);
}
