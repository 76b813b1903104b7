using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Migrations;

/// <summary><c>threatlens repair</c>: recreates what drifted away.</summary>
internal static class RepairCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var plan = new Option<bool>("--plan") { Description = "Only shows what it would do, with the etag that --etag takes." };
        var etag = new Option<string>("--etag")
        {
            Description = "Runs only if the plan with this etag still holds.",
            HelpName = "ETAG",
            DefaultValueFactory = _ => string.Empty,
        };
        var realign = new Option<string[]>("--realign")
        {
            Description = "Versions whose stored checksum is replaced by that of the service's script.",
            HelpName = "VERSION",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        var wait = new WaitOptions();
        var command = new Command("repair", "Recreates what is missing or different in the schema, in one transaction; loses nothing.") { plan, etag, realign };
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => RunAsync(
            session,
            new RepairRequest
            {
                ValidateOnly = parsed.GetValue(plan),
                Etag = parsed.GetValue(etag) ?? string.Empty,
                RealignVersions = { parsed.GetValue(realign) ?? [] },
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            },
            wait.WaitTimeout(parsed),
            cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> RunAsync(
        Session session, RepairRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        var started = await session.Client.RepairAsync(request, session.Soon(cancellationToken));
        if (request.ValidateOnly)
        {
            session.Screen.Show(started, () => DriftView.Of(started.Plan));
            return ExitCode.Done;
        }

        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new RepairResponse { Operation = operation, Result = operation.Repair }, cancellationToken);
    }
}
