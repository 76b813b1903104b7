using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Health;

internal static partial class Log
{
    [LoggerMessage(302, LogLevel.Warning, "The integrity check could not run; the integrity stays unknown")]
    public static partial void IntegrityUnknown(ILogger logger, Exception exception);

    [LoggerMessage(304, LogLevel.Warning, "How regularly metrics come in could not be stored ({Reason}); it is tried again")]
    public static partial void RhythmsNotStored(ILogger logger, Exception exception, string reason);

    [LoggerMessage(303, LogLevel.Warning, "A sample of the health report could not be taken ({Sample}); the last one stays")]
    public static partial void SampleFailed(ILogger logger, Exception exception, string sample);
}
