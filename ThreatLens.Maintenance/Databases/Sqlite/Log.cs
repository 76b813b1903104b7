using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Databases.Sqlite;

internal static partial class Log
{
    [LoggerMessage(600, LogLevel.Warning, "The write-ahead log could not be moved into the database; it grows until that succeeds")]
    public static partial void CheckpointFailed(ILogger logger, Exception exception);
}
