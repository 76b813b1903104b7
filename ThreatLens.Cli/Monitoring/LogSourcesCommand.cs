using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Monitoring;

/// <summary><c>threatlens log-sources</c>, and <c>log-source list</c>: lists log sources.</summary>
internal static class LogSourcesCommand
{
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
        command.SetAction(connection.Action((session, parsed, cancellationToken) => Pages.ShowAllAsync(
            session,
            token => session.Client.ListLogSourcesAsync(
                new ListLogSourcesRequest { PageSize = Pages.Largest, PageToken = token, Status = parsed.GetValue(status) }, session.Soon(cancellationToken)).ResponseAsync,
            page => page.LogSources,
            all => LogSourceView.Table(all.LogSources))));
        return command;
    }
}
