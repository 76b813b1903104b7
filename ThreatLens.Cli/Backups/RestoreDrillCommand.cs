using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Backups;

/// <summary><c>threatlens restore-drill</c>: can a backup be restored, and how long does it take?</summary>
internal static class RestoreDrillCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var name = new Argument<string>("name")
        {
            Description = "The backup's name, as `threatlens backups` shows it. [default: the newest]",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => string.Empty,
        };
        var plan = new Option<bool>("--plan") { Description = "Only tells which backup it would be and what room it needs; nothing is written." };
        var wait = new WaitOptions();
        var command = new Command("restore-drill", "Restores a backup aside, checks it, and measures the time; the database is not touched. Exit code 3 when a check is not passed.") { name, plan };
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => RunAsync(
            session,
            new RunRestoreDrillRequest
            {
                BackupName = parsed.GetValue(name) ?? string.Empty,
                ValidateOnly = parsed.GetValue(plan),
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            },
            wait.WaitTimeout(parsed),
            cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> RunAsync(Session session, RunRestoreDrillRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        var started = await session.Client.RunRestoreDrillAsync(request, session.Soon(cancellationToken));
        if (started.Plan is { } plan)
        {
            session.Screen.Show(started, () => BackupView.Of(plan));
            return plan.RequiredFreeBytes > plan.AvailableFreeBytes ? ExitCode.No : ExitCode.Done;
        }

        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new RunRestoreDrillResponse { Operation = operation, Result = operation.RestoreDrill }, cancellationToken, operation => operation.RestoreDrill is { Passed: false });
    }
}
