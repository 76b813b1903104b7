using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace ThreatLens.Cli.Output;

/// <summary>Values as people read them: the same in every place and every culture.</summary>
internal static class Words
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>A moment, UTC, to the second.</summary>
    public static string Of(Timestamp? time) =>
        time is null ? string.Empty : time.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Of(Duration? duration) => duration is null ? string.Empty : Of(duration.ToTimeSpan());

    /// <summary>A length of time, three figures or so: <c>12 ms</c>, <c>3.4 s</c>, <c>2 min 5 s</c>, <c>1 h 2 min</c>.</summary>
    public static string Of(TimeSpan duration) => duration.TotalSeconds switch
    {
        < 0 => "-" + Of(-duration),
        < 1 => Invariant($"{duration.TotalMilliseconds:0.#} ms"),
        < 60 => Invariant($"{duration.TotalSeconds:0.##} s"),
        < 3600 => Invariant($"{duration.Minutes} min {duration.Seconds} s"),
        < 86400 => Invariant($"{duration.Hours} h {duration.Minutes} min"),
        _ => Invariant($"{duration.Days} d {duration.Hours} h"),
    };

    public static string Bytes(double bytes)
    {
        var unit = 0;
        while (Math.Abs(bytes) >= 1024 && unit < ByteUnits.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return Invariant($"{bytes:0.#} {ByteUnits[unit]}");
    }

    /// <summary>A number: whole ones with thousands apart, others with up to three decimals.</summary>
    public static string Number(double number) =>
        Math.Abs(number) >= 1000 ? Invariant($"{number:#,0}") : Invariant($"{number:0.###}");

    public static string Count(long count, string one, string many) => Invariant($"{count:#,0} {(count == 1 ? one : many)}");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
