using ThreatLens.Ingest.Sample.Parsing;

namespace ThreatLens.Ingest.Sample.Measuring;

/// <summary>What the lines of one source were in one interval. Not thread-safe.</summary>
/// <param name="time">Clock of the latencies.</param>
internal sealed class LineMeasurement(TimeProvider time)
{
    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();

    /// <summary>Lines, blank and malformed ones included.</summary>
    public long Lines { get; private set; }

    /// <summary>Bytes of those lines, line ends included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Lines of no known format, or longer than is parsed.</summary>
    public long ParseErrors { get; private set; }

    /// <summary>From the read that completed a line to the end of its parsing.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>Parses one line and counts it. A blank line has nothing to parse and is no error.</summary>
    /// <param name="line">The line with its line end.</param>
    /// <param name="readAt">Time stamp of the read that completed it.</param>
    public void Add(ReadOnlySpan<byte> line, long readAt)
    {
        var text = line.TrimEnd(LineEnd);
        var recognised = text.IsEmpty || LogFormats.Recognise(text) != LogFormat.None;
        Count(line.Length, recognised, readAt);
    }

    /// <summary>Counts a line that is too long to be parsed.</summary>
    public void AddOverlong(long bytes, long readAt) => Count(bytes, recognised: false, readAt);

    public void Reset()
    {
        (Lines, Bytes, ParseErrors) = (0, 0, 0);
        Latency.Reset();
    }

    private void Count(long bytes, bool recognised, long readAt)
    {
        Lines++;
        Bytes += bytes;
        if (!recognised)
            ParseErrors++;
        Latency.Add(time.GetElapsedTime(readAt).Ticks * TimeSpan.NanosecondsPerTick);
    }
}
