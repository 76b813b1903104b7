using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Space;

/// <summary><c>threatlens size-info</c>: how large the database is, and what takes the room.</summary>
internal static class SizeInfoCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var command = new Command("size-info", "Tells the size of the database, its write-ahead log, its free pages, and of every table and index.");
        command.SetAction(connection.Action(async (session, _, cancellationToken) =>
        {
            var response = await session.Client.GetDatabaseSizeAsync(new GetDatabaseSizeRequest(), session.Soon(cancellationToken));
            session.Screen.Show(response, () => SpaceView.Of(response.Size));
            return ExitCode.Done;
        }));
        return command;
    }
}
