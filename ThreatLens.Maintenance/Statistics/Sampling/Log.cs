using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Statistics.Sampling;

internal static partial class Log
{
    [LoggerMessage(900, LogLevel.Warning, "Figures of {What} could not be sampled ({Reason}); the last ones stay, with their age")]
    public static partial void NotSampled(ILogger logger, Exception exception, string what, string reason);
}
