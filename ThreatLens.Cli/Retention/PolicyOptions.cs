using System.CommandLine;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Retention;

/// <summary>Policies in place of the configured ones: <c>--max-age events=200d --max-rows processing_metrics=1000000</c>.</summary>
internal sealed class PolicyOptions
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    private readonly Option<string[]> _tables = List("--table", "TABLE", "Only this table; may be repeated.");
    private readonly Option<string[]> _ages = List("--max-age", "TABLE=DURATION", "Rows of the table older than this go, such as events=200d, in place of the configured policy; may be repeated.");
    private readonly Option<string[]> _rows = List("--max-rows", "TABLE=N", "Rows of the table beyond the newest so many go; may be repeated.");
    private readonly Option<string[]> _everything = List("--confirm-everything", "TABLE", "Confirms a --max-age of 0 for the table: every row up to now goes.");

    public PolicyOptions()
    {
        _ages.Validators.Add(result =>
        {
            foreach (var text in result.GetValueOrDefault<string[]>() ?? [])
            {
                // What is longer is cut off when it is read, and must not become a shorter age.
                if (Split(text) is not { Value: { } value } || DurationParser.Parse(value) is not { } age)
                    result.AddError($"--max-age takes TABLE=DURATION such as events=200d, not '{text}'.");
                else if (age >= Longest)
                    result.AddError($"--max-age takes less than {Longest.TotalDays} days, not '{text}'; leave it out for no limit by age.");
            }
        });
        _rows.Validators.Add(result =>
        {
            foreach (var text in result.GetValueOrDefault<string[]>() ?? [])
            {
                if (Split(text) is not { Value: { } value } || !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var rows) || rows < 1)
                    result.AddError($"--max-rows takes TABLE=N with N of 1 or more, not '{text}'.");
            }
        });
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option<string[]>[])[_tables, _ages, _rows, _everything])
            command.Options.Add(option);
    }

    public IEnumerable<string> Tables(ParseResult parsed) => parsed.GetValue(_tables) ?? [];

    /// <summary>One policy a table; what is wrong with one is the service's to say.</summary>
    public IEnumerable<RetentionPolicy> Policies(ParseResult parsed)
    {
        var policies = new Dictionary<string, RetentionPolicy>();
        RetentionPolicy Of(string table) => policies.TryGetValue(table, out var known) ? known : policies[table] = new RetentionPolicy { Table = table };
        foreach (var (table, value) in (parsed.GetValue(_ages) ?? []).Select(Split))
            Of(table).MaxAge = DurationParser.Parse(value!)!.Value.ToDuration();
        foreach (var (table, value) in (parsed.GetValue(_rows) ?? []).Select(Split))
            Of(table).MaxRows = long.Parse(value!, CultureInfo.InvariantCulture);
        foreach (var table in parsed.GetValue(_everything) ?? [])
            Of(table).ConfirmEverything = true;
        return policies.Values;
    }

    private static (string Table, string? Value) Split(string text) => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (text[..at], text[(at + 1)..]) : (text, null);

    private static Option<string[]> List(string name, string help, string description) => new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => [] };
}
