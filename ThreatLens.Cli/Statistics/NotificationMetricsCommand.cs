using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Statistics;

/// <summary><c>threatlens notification-metrics</c>: how notifications went, by channel and type.</summary>
internal static class NotificationMetricsCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var window = new WindowOptions("24h");
        var channel = new Option<string>("--channel") { Description = "Only this channel, such as email.", HelpName = "NAME" };
        var type = new Option<string>("--type") { Description = "Only this type of notification.", HelpName = "TYPE" };
        var command = new Command("notification-metrics", "Shows how many notifications were sent, have failed and are pending, by channel and type.") { channel, type };
        window.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => ShowAsync(
            session,
            new GetNotificationMetricsRequest
            {
                Window = window.Of(session, parsed),
                Channel = parsed.GetValue(channel) ?? "",
                NotificationType = parsed.GetValue(type) ?? "",
                PageSize = Pages.Largest,
            },
            cancellationToken)));
        return command;
    }

    /// <summary>A long window is counted for long: no deadline.</summary>
    private static Task<ExitCode> ShowAsync(Session session, GetNotificationMetricsRequest request, CancellationToken cancellationToken) => Pages.ShowAllAsync(
        session,
        token => session.Client.GetNotificationMetricsAsync(new GetNotificationMetricsRequest(request) { PageToken = token }, cancellationToken: cancellationToken).ResponseAsync,
        page => page.Metrics,
        all => NotificationMetricsView.Of(all, request));
}
