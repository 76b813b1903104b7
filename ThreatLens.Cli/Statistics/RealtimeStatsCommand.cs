using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Statistics;

/// <summary><c>threatlens realtime-stats</c>: how events are processed in real time.</summary>
internal static class RealtimeStatsCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var window = new WindowOptions("24h");
        var step = new Option<TimeSpan?>("--step")
        {
            Description = "Also in steps of so long, 1m to 366d, such as 1h; at most 10000 of them.",
            HelpName = "DURATION",
            CustomParser = DurationParser.Between(TimeSpan.FromMinutes(1), TimeSpan.FromDays(366)),
        };
        var command = new Command("realtime-stats", "Shows how many events there are, processed in real time, waiting for a notification, and how long processing took.") { step };
        window.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => ShowAsync(
            session, new GetRealtimeStatisticsRequest { Window = window.Of(session, parsed), Step = parsed.GetValue(step)?.ToDuration(), PageSize = Pages.Largest }, cancellationToken)));
        return command;
    }

    /// <summary>A long window is counted for long: no deadline.</summary>
    private static Task<ExitCode> ShowAsync(Session session, GetRealtimeStatisticsRequest request, CancellationToken cancellationToken) => Pages.ShowAllAsync(
        session,
        token => session.Client.GetRealtimeStatisticsAsync(new GetRealtimeStatisticsRequest(request) { PageToken = token }, cancellationToken: cancellationToken).ResponseAsync,
        page => page.Steps,
        RealtimeStatsView.Of);
}
