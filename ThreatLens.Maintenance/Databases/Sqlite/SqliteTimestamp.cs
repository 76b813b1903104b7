using System.Globalization;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>Timestamps as the database's TEXT columns hold them.</summary>
public static class SqliteTimestamp
{
    private const string Written = "yyyy-MM-dd HH:mm:ss.ffffff";

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
    public static string Format(DateTimeOffset timestamp) =>
        timestamp.UtcDateTime.ToString(Written, CultureInfo.InvariantCulture);

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
}
