using System.CommandLine.Parsing;
using System.Globalization;

namespace ThreatLens.Cli.CommandLine;

/// <summary>Reads moments such as <c>2026-09-01</c>, <c>"2026-09-01 12:30"</c>, <c>2026-09-01T12:30:15.5Z</c>; UTC unless they say otherwise.</summary>
internal static class TimeParser
{
    private static readonly string[] Shapes =
    [
        "yyyy-MM-dd", .. from separator in new[] { " ", "'T'" }
                         from time in new[] { "HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF" }
                         from zone in new[] { "", "K" }
                         select $"yyyy-MM-dd{separator}{time}{zone}",
    ];

    public static DateTimeOffset? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : string.Empty;
        if (Parse(text) is { } moment)
            return moment;
        result.Refuse($"'{text}' is no time: 2026-09-01, 2026-09-01T12:30, 2026-09-01T12:30:15Z are (UTC unless they say otherwise).");
        return null;
    }

    public static DateTimeOffset? Parse(string text)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, Shapes, CultureInfo.InvariantCulture, Utc, out var moment) ? moment : null;
    }
}
