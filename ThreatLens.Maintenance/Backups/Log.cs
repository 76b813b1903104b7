using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Backups;

internal static partial class Log
{
    [LoggerMessage(500, LogLevel.Information, "Backup {Name} ({Bytes} bytes) is taken and verified, by operation {OperationId}")]
    public static partial void Taken(ILogger logger, string name, long bytes, string operationId);

    [LoggerMessage(501, LogLevel.Warning, "The old backup {Name} could not be removed; it goes with the next backup")]
    public static partial void NotRemoved(ILogger logger, Exception exception, string name);

    [LoggerMessage(502, LogLevel.Warning, "The database was replaced by the backup {Name}: {RowsLost} rows lost, what it was is in {ReplacedPath}")]
    public static partial void Restored(ILogger logger, string name, long rowsLost, string replacedPath);

    [LoggerMessage(504, LogLevel.Information, "A rehearsal has restored the backup {Name} in {Milliseconds} ms")]
    public static partial void DrillPassed(ILogger logger, string name, double milliseconds);

    [LoggerMessage(505, LogLevel.Error, "A rehearsal could not restore the backup {Name}: {Problems}")]
    public static partial void DrillFailed(ILogger logger, string name, string problems);

    [LoggerMessage(503, LogLevel.Warning, "Something could not be tidied up after a restore; that changes nothing about the restore")]
    public static partial void NotTidied(ILogger logger, Exception exception);
}
