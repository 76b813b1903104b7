namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// The times of metrics as <c>processing_metrics.timestamp</c> holds them, taken as UTC: a date, a space or 'T', a time, and possibly a
/// fraction of one to seven digits and 'Z'. Whatever else is there (nothing, a number, an offset, other text) is no time: such a row lies in
/// no window, and sorting the text sorts the times of the others, apart for the space and for the 'T'.
/// </summary>
internal static class MetricTime
{
    public const long MicrosecondsPerMinute = 60_000_000;
    private const int SecondsEnd = 19;
    private const int MaxFractionDigits = 7;
    private const int MicrosecondDigits = 6;

    /// <returns>Microseconds since 1970, what is finer cut off; null when the text is no time.</returns>
    public static long? Read(ReadOnlySpan<char> text)
    {
        if (text.Length < SecondsEnd || text[4] != '-' || text[7] != '-' || text[10] is not (' ' or 'T') || text[13] != ':' || text[16] != ':')
            return null;
        var (year, month, day) = (Number(text[..4]), Number(text[5..7]), Number(text[8..10]));
        var (hour, minute, second) = (Number(text[11..13]), Number(text[14..16]), Number(text[17..SecondsEnd]));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 59 || Fraction(text[SecondsEnd..]) is not { } fraction)
            return null;
        var whole = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc) - DateTime.UnixEpoch;
        return (whole.Ticks / TimeSpan.TicksPerMicrosecond) + fraction;
    }

    /// <summary>Microseconds since 1970 of a moment, what is finer cut off.</summary>
    public static long Of(DateTimeOffset moment) => FloorDivide((moment - DateTimeOffset.UnixEpoch).Ticks, TimeSpan.TicksPerMicrosecond);

    /// <summary>The moment of microseconds since 1970.</summary>
    public static DateTimeOffset ToMoment(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>Minutes since 1970, of the minute that the moment is in.</summary>
    public static long MinuteOf(long microseconds) => FloorDivide(microseconds, MicrosecondsPerMinute);

    /// <summary>The quotient rounded down, also for times before 1970.</summary>
    public static long FloorDivide(long dividend, long divisor) => (dividend / divisor) - (dividend % divisor < 0 ? 1 : 0);

    private static long? Fraction(ReadOnlySpan<char> text)
    {
        if (text.EndsWith("Z"))
            text = text[..^1];
        if (text.IsEmpty)
            return 0;
        var digits = text[1..];
        if (text[0] != '.' || digits.Length is 0 or > MaxFractionDigits || Number(digits) < 0)
            return null;
        var fraction = Number(digits[..Math.Min(digits.Length, MicrosecondDigits)]);
        for (var i = digits.Length; i < MicrosecondDigits; i++)
            fraction *= 10;
        return fraction;
    }

    /// <returns>-1 when something is no digit.</returns>
    private static int Number(ReadOnlySpan<char> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit))
                return -1;
            number = (number * 10) + (digit - '0');
        }

        return number;
    }
}
