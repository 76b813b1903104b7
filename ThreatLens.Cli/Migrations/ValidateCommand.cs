using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Migrations;

/// <summary><c>threatlens validate</c>: whether the schema is what the migrations make.</summary>
internal static class ValidateCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var command = new Command(
            "validate", "Compares the schema with what its migrations make. Exit code 3 when something is missing, unexpected or different that matters.");
        command.SetAction(connection.Action(RunAsync));
        return command;
    }

    private static async Task<ExitCode> RunAsync(Session session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var response = await session.Client.ValidateAsync(new ValidateRequest(), session.Soon(cancellationToken));
        session.Screen.Show(response, () => DriftView.Of(response));
        return response.Valid ? ExitCode.Done : ExitCode.No;
    }
}
