using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Backups;

/// <summary><c>threatlens backup</c>: takes a verified backup.</summary>
internal static class BackupCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var keep = new Option<int>("--keep")
        {
            Description = "Backups to keep, the newest ones; 1 to 1000. [default: as the service is configured]",
            HelpName = "N",
            DefaultValueFactory = _ => 0,
            CustomParser = NumberParser.Between("--keep", 1, 1000),
        };
        var plan = new Option<bool>("--plan") { Description = "Only tells what it would do; nothing is written." };
        var wait = new WaitOptions();
        var command = new Command("backup", "Takes a backup and verifies it, while everything else goes on.") { keep, plan };
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => RunAsync(
            session,
            new BackupRequest
            {
                Keep = parsed.GetValue(keep),
                ValidateOnly = parsed.GetValue(plan),
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            },
            wait.WaitTimeout(parsed),
            cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> RunAsync(Session session, BackupRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        var started = await session.Client.BackupAsync(request, session.Soon(cancellationToken));
        if (started.Plan is { } plan)
        {
            session.Screen.Show(started, () => BackupView.Of(plan));
            return ExitCode.Done;
        }

        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new BackupResponse { Operation = operation, Result = operation.Backup }, cancellationToken);
    }
}
