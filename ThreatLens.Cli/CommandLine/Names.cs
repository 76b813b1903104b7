using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace ThreatLens.Cli.CommandLine;

/// <summary>Members of enumerations as people write them: <c>UpdateMonitoringConfig</c> is <c>update-monitoring-config</c>.</summary>
internal static partial class Names
{
    public static string Of<T>(T value) where T : struct, Enum => Kebab(value.ToString());

    /// <summary>All names but that of the contract's "not said".</summary>
    public static IEnumerable<string> All<T>() where T : struct, Enum =>
        Enum.GetValues<T>().Select(Of).Where(name => name != "unspecified");

    /// <summary>Reads a name, whatever its case, with dashes or underscores.</summary>
    public static T? Find<T>(string text) where T : struct, Enum
    {
        var name = All<T>().FirstOrDefault(name => name.Equals(text.Replace('_', '-'), StringComparison.OrdinalIgnoreCase));
        return name is null ? null : Enum.GetValues<T>().First(value => Of(value) == name);
    }

    public static Func<ArgumentResult, T> Parser<T>() where T : struct, Enum => result =>
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : string.Empty;
        if (Find<T>(text) is { } value)
            return value;

        result.Refuse(NoneOf<T>(text));
        return default;
    };

    /// <summary>Names in one or several words, also separated by commas.</summary>
    public static Func<ArgumentResult, T[]> ListParser<T>() where T : struct, Enum => result =>
    {
        var values = new List<T>();
        foreach (var text in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (Find<T>(text) is { } value)
                values.Add(value);
            else
                result.Refuse(NoneOf<T>(text));
        }

        return [.. values];
    };

    private static string NoneOf<T>(string text) where T : struct, Enum => $"'{text}' is none of: {string.Join(", ", All<T>())}.";

    private static string Kebab(string pascal) => WordStart().Replace(pascal, "-$0").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])[A-Z]")]
    private static partial Regex WordStart();
}
