using System.CommandLine;
using System.CommandLine.Parsing;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Statistics;

/// <summary>The window that statistics are of: <c>--from</c>, <c>--to</c>, or <c>--last</c>.</summary>
internal sealed class WindowOptions
{
    private readonly Option<DateTimeOffset?> _from;
    private readonly Option<DateTimeOffset?> _to;
    private readonly Option<TimeSpan?> _last;

    /// <param name="defaultLength">The service's own default, for people: <c>1h</c>.</param>
    public WindowOptions(string defaultLength)
    {
        _from = new("--from")
        {
            Description = $"Begin of the window, such as 2026-09-01T12:30; UTC. [default: the first there is, with --to; else {defaultLength} ago]",
            HelpName = "TIME",
            CustomParser = TimeParser.Parse,
        };
        _to = new("--to")
        {
            Description = "End of the window, which is not part of it. [default: now]",
            HelpName = "TIME",
            CustomParser = TimeParser.Parse,
        };
        _last = new("--last", "--since")
        {
            Description = $"The window is the last so much, 1s to 3650d, such as 15m. [default: {defaultLength}]",
            HelpName = "DURATION",
            CustomParser = DurationParser.Between(TimeSpan.FromSeconds(1), TimeSpan.FromDays(3650)),
        };
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_from);
        command.Options.Add(_to);
        command.Options.Add(_last);
        command.Validators.Add(RefuseTwoWindows);
    }

    /// <summary>What was given; null: the service's default.</summary>
    public TimeRange? Of(Session session, ParseResult parsed)
    {
        var from = parsed.GetValue(_last) is { } last ? session.Time.GetUtcNow() - last : parsed.GetValue(_from);
        var to = parsed.GetValue(_to);
        return from is null && to is null ? null : new TimeRange { StartTime = from?.ToTimestamp(), EndTime = to?.ToTimestamp() };
    }

    private void RefuseTwoWindows(CommandResult result)
    {
        if (result.GetResult(_last) is not null && (result.GetResult(_from) is not null || result.GetResult(_to) is not null))
            result.AddError("--last and --from, --to exclude each other.");
        else if (MomentOf(result.GetResult(_from)) is { } from && MomentOf(result.GetResult(_to)) is { } to && to < from)
            result.AddError("--to lies before --from.");
    }

    /// <summary>What was given; null when nothing was, or no time, which has its own error.</summary>
    private static DateTimeOffset? MomentOf(OptionResult? given) =>
        given is { Tokens.Count: 1 } && TimeParser.Parse(given.Tokens[0].Value) is { } moment ? moment : null;
}
