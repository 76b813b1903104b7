using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Optimization;

internal static partial class Log
{
    [LoggerMessage(600, LogLevel.Information, "The database was optimized: {BytesBefore} bytes before, {BytesAfter} after; writers waited at most {Milliseconds:0.0} ms at a stretch")]
    public static partial void Optimized(ILogger logger, long bytesBefore, long bytesAfter, double milliseconds);
}
