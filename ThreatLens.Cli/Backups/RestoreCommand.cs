using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Backups;

/// <summary><c>threatlens restore</c>: puts a backup in place of the database.</summary>
internal static class RestoreCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var name = new Argument<string>("name") { Description = "The backup's name, as `threatlens backups` shows it." };
        var maxRowsLost = new Option<long?>("--max-rows-lost")
        {
            Description = "Most rows newer than the backup that may be lost; without it none may, and the refusal tells how many it would be.",
            HelpName = "N",
            CustomParser = NumberParser.AtLeast("--max-rows-lost", 0L),
        };
        var etag = new Option<string>("--etag")
        {
            Description = "The etag of a plan: restores only if that still holds.",
            HelpName = "ETAG",
            DefaultValueFactory = _ => string.Empty,
        };
        var plan = new Option<bool>("--plan") { Description = "Only tells what would be lost; nothing is written." };
        var wait = new WaitOptions();
        var command = new Command("restore", "Puts a backup in place of the database; what it replaces is put aside.") { name, maxRowsLost, etag, plan };
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) =>
        {
            var request = new RestoreRequest
            {
                BackupName = parsed.GetRequiredValue(name),
                Etag = parsed.GetValue(etag) ?? string.Empty,
                ValidateOnly = parsed.GetValue(plan),
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            };
            if (parsed.GetValue(maxRowsLost) is { } bound)
                request.MaxRowsLost = bound;
            return RunAsync(session, request, wait.WaitTimeout(parsed), cancellationToken);
        }));
        return command;
    }

    private static async Task<ExitCode> RunAsync(Session session, RestoreRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        if (request.ValidateOnly)
        {
            // Counting may take long on a large database: no deadline.
            var planned = await session.Client.RestoreAsync(request, cancellationToken: cancellationToken);
            session.Screen.Show(planned, () => BackupView.Of(planned.Plan));
            return ExitCode.Done;
        }

        var started = await session.Client.RestoreAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new RestoreResponse { Operation = operation, Result = operation.Restore }, cancellationToken);
    }
}
