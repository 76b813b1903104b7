namespace ThreatLens.Ingest.Sample;

/// <summary>What the sample says.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Watching {Count} sources every {Interval}")]
    public static partial void Watching(this ILogger logger, int count, TimeSpan interval);

    [LoggerMessage(2, LogLevel.Information, "Monitoring is switched off: nothing is read")]
    public static partial void SwitchedOff(this ILogger logger);

    [LoggerMessage(3, LogLevel.Information, "{Path} was rotated and is read to its end; {Next} comes next")]
    public static partial void Rotated(this ILogger logger, string path, string next);

    [LoggerMessage(4, LogLevel.Information, "{Path} was truncated after {Offset} bytes were measured; a copy with the rest was found: {Copy}")]
    public static partial void Truncated(this ILogger logger, string path, long offset, bool copy);

    [LoggerMessage(5, LogLevel.Warning, "{Path} is another file now, and the one that was measured to byte {Offset} is not beside it: what it had after that is not counted")]
    public static partial void RestLost(this ILogger logger, string path, long offset);

    [LoggerMessage(6, LogLevel.Warning, "{Path} cannot be watched: {Error}")]
    public static partial void SourceFailed(this ILogger logger, string path, string error);

    [LoggerMessage(7, LogLevel.Information, "{Path} can be read again")]
    public static partial void SourceRecovered(this ILogger logger, string path);

    [LoggerMessage(8, LogLevel.Information, "No paths are configured: writing demo logs to {Directory}")]
    public static partial void WritingDemo(this ILogger logger, string directory);

    [LoggerMessage(9, LogLevel.Warning, "The demo log {Name} cannot be written")]
    public static partial void DemoNotWritten(this ILogger logger, Exception exception, string name);

    [LoggerMessage(10, LogLevel.Warning, "Stopped before everything measured was acknowledged; it is measured again at the next start")]
    public static partial void StoppedEarly(this ILogger logger);

    [LoggerMessage(11, LogLevel.Information, "Everything measured is stored; stopped")]
    public static partial void StoppedInOrder(this ILogger logger);

    [LoggerMessage(12, LogLevel.Warning, "{Path} is known to the database, and the service has no position in it for this producer: it is read from its beginning, and what was stored of it before is stored once more. Another Ingest:ProducerId, or longer away than Maintenance:Ingest:ProducerRetention?")]
    public static partial void PositionUnknown(this ILogger logger, string path);
}
