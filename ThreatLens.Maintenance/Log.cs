using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Start-up has finished")]
    public static partial void Started(ILogger logger);

    [LoggerMessage(2, LogLevel.Error, "Start-up could not finish ({Reason}); the service stays up and /health tells why")]
    public static partial void StartupFailed(ILogger logger, Exception exception, string reason);

    [LoggerMessage(3, LogLevel.Warning, "{Count} operations had been left running by an earlier process and are INTERRUPTED now")]
    public static partial void Interrupted(ILogger logger, int count);

    [LoggerMessage(4, LogLevel.Information, "After the interruption the schema is at {Version}, whole: what is recorded has happened, and nothing else has")]
    public static partial void SchemaAsRecorded(ILogger logger, string? version);

    [LoggerMessage(6, LogLevel.Warning, "{Version} is half {Direction}: {Done} statements of it have run, outside of a transaction, and the next has not; {Remedy} goes on there")]
    public static partial void Unfinished(ILogger logger, string version, string direction, int done, string remedy);

    [LoggerMessage(5, LogLevel.Warning, "After the interruption the schema is at {Version}, but not as it was recorded there: somebody else has changed it; Validate tells what")]
    public static partial void SchemaNotAsRecorded(ILogger logger, string? version);

    [LoggerMessage(7, LogLevel.Warning, "{Count} operations are recorded as running by processes of other machines or containers, and may be: they are left as they are. They become INTERRUPTED at the start of a service that is the only one on this database")]
    public static partial void LeftAlone(ILogger logger, int count);
}
