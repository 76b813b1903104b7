using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Monitoring;

/// <summary><c>threatlens log-source</c>: lists log sources, switches one on or off.</summary>
internal static class LogSourceCommand
{
    private const int LargestPage = 1000;

    public static Command Create(ConnectionOptions connection)
    {
        var list = new Command("list", "Lists the log sources with their state.");
        list.SetAction(connection.Action((session, _, cancellationToken) => ListAsync(session, cancellationToken)));
        return new Command("log-source", "Lists log sources, switches one on or off; ingest services follow at once.")
        {
            list,
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

    private static async Task<ExitCode> ListAsync(Session session, CancellationToken cancellationToken)
    {
        var all = new ListLogSourcesResponse();
        do
        {
            var request = new ListLogSourcesRequest { PageSize = LargestPage, PageToken = all.NextPageToken };
            var page = await session.Client.ListLogSourcesAsync(request, session.Soon(cancellationToken));
            all.LogSources.Add(page.LogSources);
            all.NextPageToken = page.NextPageToken;
        }
        while (all.NextPageToken.Length > 0);

        session.Screen.Show(all, () => LogSourceView.Table(all.LogSources));
        return ExitCode.Done;
    }

    private static async Task<ExitCode> SwitchAsync(
        Session session, SetLogSourceEnabledRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        var started = await session.Client.SetLogSourceEnabledAsync(request, session.Soon(cancellationToken));
        var ended = await new OperationWait(session).FollowAsync(started.Operation, waitTimeout, cancellationToken);
        var response = new SetLogSourceEnabledResponse { Operation = ended.Operation, Result = ended.Operation.SetLogSourceEnabled };
        session.Screen.Show(response, () => OperationView.Outcome(response.Operation));
        return ended.Report(session.Screen);
    }
}
