using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Monitoring;

/// <summary><c>threatlens log-sources</c>, and <c>log-source list</c>: lists log sources.</summary>
internal static class LogSourcesCommand
{
    private const int LargestPage = 1000;

    /// <param name="connection">The options that every command has.</param>
    /// <param name="name">Its name where it stands.</param>
    public static Command Create(ConnectionOptions connection, string name = "log-sources")
    {
        var status = new Option<LogSourceStatus>("--status")
        {
            Description = "Only those of this status.",
            HelpName = string.Join('|', Names.All<LogSourceStatus>()),
            CustomParser = Names.Parser<LogSourceStatus>(),
        };
        var command = new Command(name, "Lists the log sources with their state.") { status };
        command.SetAction(connection.Action((session, parsed, cancellationToken) => ListAsync(session, parsed.GetValue(status), cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> ListAsync(Session session, LogSourceStatus status, CancellationToken cancellationToken)
    {
        var all = new ListLogSourcesResponse();
        do
        {
            var request = new ListLogSourcesRequest { PageSize = LargestPage, PageToken = all.NextPageToken, Status = status };
            var page = await session.Client.ListLogSourcesAsync(request, session.Soon(cancellationToken));
            all.LogSources.Add(page.LogSources);
            all.NextPageToken = page.NextPageToken;
        }
        while (all.NextPageToken.Length > 0);

        session.Screen.Show(all, () => LogSourceView.Table(all.LogSources));
        return ExitCode.Done;
    }
}
