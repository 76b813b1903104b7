using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Backups;

/// <summary><c>threatlens backups</c>: lists the backups.</summary>
internal static class BackupsCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var command = new Command("backups", "Lists the backups, newest first.");
        command.SetAction(connection.Action((session, _, cancellationToken) => ListAsync(session, cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> ListAsync(Session session, CancellationToken cancellationToken)
    {
        var all = await Pages.AllAsync(
            async token => await session.Client.ListBackupsAsync(new ListBackupsRequest { PageSize = Pages.Largest, PageToken = token }, session.Soon(cancellationToken)),
            page => page.NextPageToken,
            (soFar, page) =>
            {
                soFar.Backups.Add(page.Backups);
                soFar.NextPageToken = page.NextPageToken;
            });

        session.Screen.Show(all, () => BackupView.Table(all.Backups));
        return ExitCode.Done;
    }
}
