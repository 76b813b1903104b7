using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Schedules;

/// <summary><c>threatlens schedules</c>: what runs by itself.</summary>
internal static class SchedulesCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var command = new Command("schedules", "Lists what runs by itself: when next, how it went last, what is paused or was missed.");
        command.SetAction(connection.Action((session, _, cancellationToken) => ListAsync(session, cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> ListAsync(Session session, CancellationToken cancellationToken)
    {
        var response = await session.Client.ListSchedulesAsync(new ListSchedulesRequest(), session.Soon(cancellationToken));
        session.Screen.Show(response, () => ScheduleView.Table(response.Schedules));
        return ExitCode.Done;
    }
}
