using System.CommandLine;
using System.CommandLine.Parsing;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Statistics;

/// <summary><c>threatlens processing-metrics</c>: reads metrics back, as stored or summed up.</summary>
internal static class ProcessingMetricsCommand
{
    private const int LargestPage = 1000;

    private static readonly Option<string> Source = new("--source") { Description = "Only this source.", HelpName = "NAME" };

    private static readonly Option<string> Type = new("--type") { Description = "Only this type of metric.", HelpName = "TYPE" };

    private static readonly Option<DateTimeOffset?> From = new("--from")
    {
        Description = "Begin of the window, such as 2026-09-01T12:30; UTC. [default: the first metric, with --to; else an hour ago]",
        HelpName = "TIME",
        CustomParser = TimeParser.Parse,
    };

    private static readonly Option<DateTimeOffset?> To = new("--to")
    {
        Description = "End of the window, which is not part of it. [default: now]",
        HelpName = "TIME",
        CustomParser = TimeParser.Parse,
    };

    private static readonly Option<TimeSpan?> Last = new("--last")
    {
        Description = "The window is the last so much, 1s to 3650d, such as 15m. [default: 1h]",
        HelpName = "DURATION",
        CustomParser = DurationParser.Between(TimeSpan.FromSeconds(1), TimeSpan.FromDays(3650)),
    };

    private static readonly Option<MetricResolution> Resolution = new("--resolution")
    {
        Description = "raw: every sample; minute, hour: summed up, the window widened to whole ones.",
        HelpName = "raw|minute|hour",
        CustomParser = Names.Parser<MetricResolution>(),
        DefaultValueFactory = _ => MetricResolution.Minute,
    };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "The oldest N, 1 to 100000.",
        HelpName = "N",
        CustomParser = NumberParser.Between("--limit", 1, 100_000),
        DefaultValueFactory = _ => 100,
    };

    public static Command Create(ConnectionOptions connection)
    {
        var command = new Command("processing-metrics", "Shows stored metrics, oldest first.") { Source, Type, From, To, Last, Resolution, Limit };
        command.Validators.Add(RefuseTwoWindows);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => ShowAsync(session, Request(session, parsed), parsed.GetValue(Limit), cancellationToken)));
        return command;
    }

    private static void RefuseTwoWindows(CommandResult result)
    {
        if (result.GetResult(Last) is not null && (result.GetResult(From) is not null || result.GetResult(To) is not null))
            result.AddError("--last and --from, --to exclude each other.");
        else if (MomentOf(result.GetResult(From)) is { } from && MomentOf(result.GetResult(To)) is { } to && to < from)
            result.AddError("--to lies before --from.");
    }

    /// <summary>What was given; null when nothing was, or no time, which has its own error.</summary>
    private static DateTimeOffset? MomentOf(OptionResult? given) =>
        given is { Tokens.Count: 1 } && TimeParser.Parse(given.Tokens[0].Value) is { } moment ? moment : null;

    private static GetProcessingMetricsRequest Request(Session session, ParseResult parsed)
    {
        var from = parsed.GetValue(Last) is { } last ? session.Time.GetUtcNow() - last : parsed.GetValue(From);
        var to = parsed.GetValue(To);
        return new GetProcessingMetricsRequest
        {
            SourceName = parsed.GetValue(Source) ?? "",
            MetricType = parsed.GetValue(Type) ?? "",
            Resolution = parsed.GetValue(Resolution),
            Window = from is null && to is null ? null : new TimeRange { StartTime = from?.ToTimestamp(), EndTime = to?.ToTimestamp() },
        };
    }

    private static async Task<ExitCode> ShowAsync(Session session, GetProcessingMetricsRequest request, int limit, CancellationToken cancellationToken)
    {
        var all = new GetProcessingMetricsResponse();
        do
        {
            request.PageSize = Math.Min(LargestPage, limit - all.Metrics.Count);
            request.PageToken = all.NextPageToken;
            var page = await session.Client.GetProcessingMetricsAsync(request, session.Soon(cancellationToken));
            all.Metrics.Add(page.Metrics);
            (all.NextPageToken, all.Window) = (page.NextPageToken, page.Window);
        }
        while (all.NextPageToken.Length > 0 && all.Metrics.Count < limit);

        session.Screen.Show(all, () => ProcessingMetricsView.Of(all, request.Resolution));
        if (all.NextPageToken.Length > 0)
            session.Screen.Note($"There are more than these {all.Metrics.Count}: see --limit, or a shorter window.");
        return ExitCode.Done;
    }
}
