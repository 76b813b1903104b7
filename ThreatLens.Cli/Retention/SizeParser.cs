using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using ThreatLens.Cli.CommandLine;

namespace ThreatLens.Cli.Retention;

/// <summary>Reads sizes such as <c>500MiB</c>, <c>2GiB</c>; a number alone is bytes.</summary>
internal static partial class SizeParser
{
    public static long Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : string.Empty;
        var match = Pattern().Match(text);
        if (!match.Success)
        {
            result.Refuse($"'{text}' is no size: 2GiB, 500MiB, 1048576 are.");
            return 0;
        }

        var shift = match.Groups["unit"].Value.ToUpperInvariant() switch
        {
            "KIB" => 10,
            "MIB" => 20,
            "GIB" => 30,
            "TIB" => 40,
            _ => 0,
        };
        var bytes = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * (1L << shift);
        if (bytes >= 1)
            return bytes < long.MaxValue ? (long)bytes : long.MaxValue;
        result.Refuse($"'{text}' is out of range: at least 1MiB.");
        return 0;
    }

    [GeneratedRegex("^(?<number>[0-9]{1,15}(\\.[0-9]{1,6})?)(?<unit>[KMGT]iB)?$", RegexOptions.IgnoreCase)]
    private static partial Regex Pattern();
}
