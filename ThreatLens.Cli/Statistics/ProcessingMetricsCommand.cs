using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Statistics;

/// <summary><c>threatlens processing-metrics</c>: reads metrics back, as stored or summed up.</summary>
internal static class ProcessingMetricsCommand
{
    private static readonly Option<string> Source = new("--source") { Description = "Only this source.", HelpName = "NAME" };

    private static readonly Option<string> Type = new("--type") { Description = "Only this type of metric.", HelpName = "TYPE" };

    private static readonly WindowOptions Window = new("1h");

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
        var command = new Command("processing-metrics", "Shows stored metrics, oldest first.") { Source, Type, Resolution, Limit };
        Window.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => ShowAsync(session, Request(session, parsed), parsed.GetValue(Limit), cancellationToken)));
        return command;
    }

    private static GetProcessingMetricsRequest Request(Session session, ParseResult parsed) => new()
    {
        SourceName = parsed.GetValue(Source) ?? "",
        MetricType = parsed.GetValue(Type) ?? "",
        Resolution = parsed.GetValue(Resolution),
        Window = Window.Of(session, parsed),
    };

    private static async Task<ExitCode> ShowAsync(Session session, GetProcessingMetricsRequest request, int limit, CancellationToken cancellationToken)
    {
        var all = new GetProcessingMetricsResponse();
        do
        {
            request.PageSize = Math.Min(Pages.Largest, limit - all.Metrics.Count);
            request.PageToken = all.NextPageToken;
            var page = await session.Client.GetProcessingMetricsAsync(request, session.Soon(cancellationToken));
            all.Metrics.Add(page.Metrics);
            (all.NextPageToken, all.Window) = (page.NextPageToken, page.Window);
        }
        while (all.NextPageToken.Length > 0 && all.Metrics.Count < limit);

        session.Screen.Show(all, () => ProcessingMetricsView.Of(all, request));
        if (all.NextPageToken.Length > 0)
            session.Screen.Note($"There are more than these {all.Metrics.Count}: see --limit, or a shorter window.");
        return ExitCode.Done;
    }
}
