using System.Text;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// <see cref="SqliteTimestamp"/> for millions of rows: the usual shapes are read from their bytes, the others as always. Both always agree.
/// </summary>
internal static class TimestampBytes
{
    private const int Whole = 19;
    private const int MaxFraction = 7;

    /// <summary>Reads a timestamp.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="ticks">Ticks (100 ns) since the year 1, UTC; 0 when the text is no timestamp.</param>
    /// <returns>Whether the text is a timestamp.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out long ticks)
    {
        if (TryReadUsual(text, out ticks))
            return true;
        var known = SqliteTimestamp.TryParse(Encoding.UTF8.GetString(text), out var timestamp);
        ticks = known ? timestamp.Ticks : 0;
        return known;
    }

    private static bool TryReadUsual(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length < Whole || text[4] != '-' || text[7] != '-' || (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':')
            return false;
        var (year, month, day) = (Number(text[..4]), Number(text[5..7]), Number(text[8..10]));
        var (hour, minute, second) = (Number(text[11..13]), Number(text[14..16]), Number(text[17..Whole]));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 59)
            return false;
        if (Fraction(text[Whole..]) is not (>= 0 and var fraction))
            return false;
        ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks + fraction;
        return true;
    }

    /// <returns>Ticks; -1 when it is no fraction.</returns>
    private static int Fraction(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return 0;
        if (text[0] != '.' || text.Length is < 2 or > MaxFraction + 1)
            return -1;
        var fraction = Number(text[1..]);
        for (var i = text.Length; fraction >= 0 && i <= MaxFraction; i++)
            fraction *= 10;
        return fraction;
    }

    /// <returns>-1 when something is no digit.</returns>
    private static int Number(ReadOnlySpan<byte> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return -1;
            number = (number * 10) + (digit - '0');
        }

        return number;
    }
}
