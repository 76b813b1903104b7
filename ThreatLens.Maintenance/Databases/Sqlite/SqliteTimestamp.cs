using System.Globalization;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>Timestamps as the database's TEXT columns hold them.</summary>
public static class SqliteTimestamp
{
    private const int Length = 26;

    private static readonly string[] Read =
    [
        "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
        "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.FFFFFFF", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
    ];

    /// <summary>
    /// Writes <c>YYYY-MM-DD HH:MM:SS.ffffff</c> in UTC. Always six digits (what is finer is cut off): the original application's reader
    /// takes fewer digits for a number of microseconds.
    /// </summary>
    /// <param name="timestamp">Any offset; converted to UTC.</param>
    public static string Format(DateTimeOffset timestamp) => string.Create(Length, timestamp.UtcDateTime, Write);

    /// <summary>
    /// Reads every shape found in existing databases: a space or a 'T' between date and time, no fraction or one of up to seven digits,
    /// no offset (taken as UTC), 'Z', or <c>±HH:MM</c>.
    /// </summary>
    /// <param name="text">The column's text; null and junk are not timestamps.</param>
    /// <param name="timestamp">The moment, in UTC; the default value when the text is not a timestamp.</param>
    /// <returns>Whether the text is a timestamp.</returns>
    public static bool TryParse(string? text, out DateTimeOffset timestamp)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, Read, CultureInfo.InvariantCulture, Utc, out timestamp);
    }

    // By hand: every metric has one, and reading a format for each costs five times as much.
    private static void Write(Span<char> text, DateTime utc)
    {
        var (date, time) = (DateOnly.FromDateTime(utc), TimeOnly.FromDateTime(utc));
        WriteDigits(text[..4], date.Year);
        text[4] = '-';
        WriteDigits(text[5..7], date.Month);
        text[7] = '-';
        WriteDigits(text[8..10], date.Day);
        text[10] = ' ';
        WriteDigits(text[11..13], time.Hour);
        text[13] = ':';
        WriteDigits(text[14..16], time.Minute);
        text[16] = ':';
        WriteDigits(text[17..19], time.Second);
        text[19] = '.';
        WriteDigits(text[20..], (int)(utc.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
    }

    private static void WriteDigits(Span<char> text, int number)
    {
        for (var i = text.Length - 1; i >= 0; i--, number /= 10)
            text[i] = (char)('0' + (number % 10));
    }
}
