using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Backups;

/// <summary><c>threatlens backups</c>: lists the backups.</summary>
internal static class BackupsCommand
{
    private const int LargestPage = 1000;

    public static Command Create(ConnectionOptions connection)
    {
        var command = new Command("backups", "Lists the backups, newest first.");
        command.SetAction(connection.Action((session, _, cancellationToken) => ListAsync(session, cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> ListAsync(Session session, CancellationToken cancellationToken)
    {
        var all = new ListBackupsResponse();
        do
        {
            var request = new ListBackupsRequest { PageSize = LargestPage, PageToken = all.NextPageToken };
            var page = await session.Client.ListBackupsAsync(request, session.Soon(cancellationToken));
            all.Backups.Add(page.Backups);
            all.NextPageToken = page.NextPageToken;
        }
        while (all.NextPageToken.Length > 0);

        session.Screen.Show(all, () => BackupView.Table(all.Backups));
        return ExitCode.Done;
    }
}
