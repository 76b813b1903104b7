using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Monitoring;

/// <summary><c>threatlens log-source</c>: lists log sources, switches one on or off.</summary>
internal static class LogSourceCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        return new Command("log-source", "Lists log sources, switches one on or off; ingest services follow at once.")
        {
            LogSourcesCommand.Create(connection, "list"),
            Switch(connection, "enable", "Has a log source watched.", enabled: true),
            Switch(connection, "disable", "Has a log source not watched.", enabled: false),
        };
    }

    private static Command Switch(ConnectionOptions connection, string name, string description, bool enabled)
    {
        var source = new Argument<string>("name") { Description = "The source's name, as `threatlens log-source list` shows it." };
        var wait = new WaitOptions();
        var command = new Command(name, description) { source };
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => SwitchAsync(
            session,
            new SetLogSourceEnabledRequest
            {
                SourceName = parsed.GetRequiredValue(source),
                Enabled = enabled,
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            },
            wait.WaitTimeout(parsed),
            cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> SwitchAsync(
        Session session, SetLogSourceEnabledRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        var started = await session.Client.SetLogSourceEnabledAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new SetLogSourceEnabledResponse { Operation = operation, Result = operation.SetLogSourceEnabled }, cancellationToken);
    }
}
