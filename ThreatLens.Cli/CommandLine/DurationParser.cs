using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ThreatLens.Cli.CommandLine;

/// <summary>Reads lengths of time such as <c>500ms</c>, <c>5s</c>, <c>1.5m</c>, <c>2h</c>, <c>1d</c>; a number alone is seconds.</summary>
internal static partial class DurationParser
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);
    private static readonly TimeSpan Beyond = Longest + TimeSpan.FromDays(1);

    public static Func<ArgumentResult, TimeSpan?> Between(TimeSpan least, TimeSpan most) => result =>
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : string.Empty;
        if (Parse(text) is not { } duration)
            result.Refuse($"'{text}' is no length of time: 500ms, 5s, 2m, 1h are.");
        else if (duration < least || duration > most)
            result.Refuse($"'{text}' is out of range: {least:c} to {most:c}.");
        else
            return duration;

        return null;
    };

    /// <summary>Null when it is no length of time; a day more than ten years for all that is longer, which no option takes.</summary>
    public static TimeSpan? Parse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
            return null;

        var number = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        var seconds = match.Groups["unit"].Value switch
        {
            "ms" => number / 1000,
            "m" => number * 60,
            "h" => number * 3600,
            "d" => number * 86400,
            _ => number,
        };
        return seconds > Longest.TotalSeconds ? Beyond : TimeSpan.FromSeconds(seconds);
    }

    [GeneratedRegex(@"^(?<number>[0-9]{1,9}(\.[0-9]{1,6})?)(?<unit>ms|s|m|h|d)?$")]
    private static partial Regex Pattern();
}
