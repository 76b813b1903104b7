namespace ThreatLens.Ingest.Sample.Parsing;

/// <summary>Kind of a log line.</summary>
internal enum LogFormat
{
    /// <summary>None that is known: a parse error.</summary>
    None,

    /// <summary>syslog as in RFC 3164, RFC 5424, or as rsyslog writes it with ISO times; sshd writes through it.</summary>
    Syslog,

    /// <summary>nginx or Apache access log, common or combined.</summary>
    Access,

    /// <summary>nginx or Apache error log.</summary>
    ServerError,

    /// <summary>An application's: time, level, message.</summary>
    Application,

    /// <summary>One JSON object.</summary>
    Json,
}

/// <summary>Tells the format of a line by its whole frame: its times, levels and quotes must be right, the message may be anything.</summary>
internal static class LogFormats
{
    /// <summary>The format of a line without its line end. The first bytes leave at most three to try.</summary>
    public static LogFormat Recognise(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
            return LogFormat.None;
        return line[0] switch
        {
            (byte)'{' => JsonLine.Fits(line) ? LogFormat.Json : LogFormat.None,
            (byte)'<' => SyslogLine.FitsWithPriority(line) ? LogFormat.Syslog : LogFormat.None,
            (byte)'[' => ServerErrorLine.FitsApache(line) ? LogFormat.ServerError
                : ApplicationLine.FitsBracketed(line) ? LogFormat.Application : LogFormat.None,
            >= (byte)'A' and <= (byte)'Z' when SyslogLine.FitsTraditional(line) => LogFormat.Syslog,
            >= (byte)'0' and <= (byte)'9' when line.Length > 4 && line[4] is (byte)'-' => RecogniseDated(line),
            >= (byte)'0' and <= (byte)'9' when ServerErrorLine.FitsNginx(line) => LogFormat.ServerError,
            _ => AccessLine.Fits(line) ? LogFormat.Access : LogFormat.None,
        };
    }

    private static LogFormat RecogniseDated(ReadOnlySpan<byte> line) =>
        ApplicationLine.Fits(line) ? LogFormat.Application
        : SyslogLine.FitsIso(line) ? LogFormat.Syslog
        : AccessLine.Fits(line) ? LogFormat.Access : LogFormat.None;
}
