using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.V1;
using Option = System.CommandLine.Option;

namespace ThreatLens.Cli.Retention;

/// <summary>What a hold is to pin: exactly one kind.</summary>
internal sealed class HoldTargetOptions
{
    private readonly Option<DateTimeOffset?> _from = HoldCommand.TimeOption("--from", "Begin of the range, inclusive; left out: from the beginning.");
    private readonly Option<DateTimeOffset?> _to = HoldCommand.TimeOption("--to", "End of the range, exclusive; left out: now.");
    private readonly Option<string?> _source = new("--source") { Description = "Everything of this source.", HelpName = "NAME" };
    private readonly Option<string?> _event = new("--event") { Description = "This event with its raw log, analyses and notifications.", HelpName = "ID" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_from, _to, _source, _event])
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            bool Given(Option option) => result.GetResult(option) is { Implicit: false };
            var kinds = (Given(_from) || Given(_to) ? 1 : 0) + (Given(_source) ? 1 : 0) + (Given(_event) ? 1 : 0);
            if (kinds != 1)
                result.AddError("Say what to pin, exactly one: a range of time (--from, --to), a source (--source), an event (--event).");
        });
    }

    public HoldTarget Read(ParseResult parsed)
    {
        if (parsed.GetValue(_source) is { } source)
            return new HoldTarget { SourceName = source };
        if (parsed.GetValue(_event) is { } id)
            return new HoldTarget { EventId = id };
        return new HoldTarget { TimeRange = new TimeRange { StartTime = parsed.GetValue(_from)?.ToTimestamp(), EndTime = parsed.GetValue(_to)?.ToTimestamp() } };
    }
}
