using System.Globalization;
using System.Text;

namespace ThreatLens.Benchmarks.Ingest.Samples;

/// <summary>
/// The metrics that every contestant stores: 20 sources with 5 types each in turn, numbers as values, one every 10 microseconds of a made-up
/// clock, so that the index by time grows at its end as it does in life.
/// </summary>
internal static class BenchmarkRow
{
    public const int Sources = 20;
    public const int Types = 5;

    private const int SamplesASecond = 70_000;
    private const int NanosBetween = 10_000;

    // As a varint every one of them has five bytes, which is what lets a message be filled in in place.
    private const int FirstNanos = 270_000_000;
    private static readonly string[] TypeNames = ["lines_per_second", "bytes_per_second", "error_rate", "latency_p99_ms", "parse_errors"];

    /// <summary>Names as UTF-8, by row modulo 100.</summary>
    public static byte[][] SourceNames { get; } = [.. Enumerable.Range(0, Sources * Types).Select(i => Utf8($"nginx-access-{i / Types:00}"))];

    /// <summary>Types as UTF-8, by row modulo 100.</summary>
    public static byte[][] MetricTypes { get; } = [.. Enumerable.Range(0, Sources * Types).Select(i => Utf8(TypeNames[i % Types]))];

    /// <summary>Values as UTF-8, by row modulo 997.</summary>
    public static byte[][] Values { get; } = [.. Enumerable.Range(0, 997).Select(i => Utf8((i * 1.37 + 0.25).ToString("0.0##", CultureInfo.InvariantCulture)))];

    /// <summary>When the made-up clock began: an hour ago, so that it never runs ahead of the service's.</summary>
    public static long FirstSecond { get; } = TimeProvider.System.GetUtcNow().AddHours(-1).ToUnixTimeSeconds();

    /// <summary>The time of a row on the wire.</summary>
    public static (long Seconds, int Nanos) Time(long row) =>
        (FirstSecond + row / SamplesASecond, FirstNanos + (int)(row % SamplesASecond) * NanosBetween);

    /// <summary>Writes the time of a row as the column holds it, 26 bytes.</summary>
    public static void FormatTime(long row, Span<byte> text)
    {
        var (seconds, nanos) = Time(row);
        var time = DateTime.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond + nanos / 100);
        time.TryFormat(text, out _, "yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
