using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Status;

/// <summary><c>threatlens status</c>: which migrations are applied, and whether any is missing.</summary>
internal static class StatusCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var command = new Command(
            "status", "Shows which migrations are applied. Exit code 3 when the schema is not up to date: pending, changed or unknown.");
        command.SetAction(connection.Action(RunAsync));
        return command;
    }

    private static async Task<ExitCode> RunAsync(Session session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var status = await session.Client.StatusAsync(new StatusRequest(), session.Soon(cancellationToken));
        session.Screen.Show(status, () => StatusView.Of(status));
        return status.UpToDate ? ExitCode.Done : ExitCode.No;
    }
}
