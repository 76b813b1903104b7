using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace ThreatLens.Cli.CommandLine;

/// <summary>Reads whole numbers within bounds. A validator could not: it is asked also about what is no number, and has none to look at.</summary>
internal static class NumberParser
{
    public static Func<ArgumentResult, int> Between(string option, int least, int most) => result =>
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : string.Empty;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option} takes {least} to {most}."));
        return least;
    };

    /// <summary>Null while the option is not given.</summary>
    public static Func<ArgumentResult, T?> AtLeast<T>(string option, T least)
        where T : struct, IBinaryInteger<T> => result =>
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : string.Empty;
        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least)
            return number;
        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option} takes a whole number of at least {least}."));
        return null;
    };
}
