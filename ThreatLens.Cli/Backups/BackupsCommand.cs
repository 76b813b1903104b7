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
        command.SetAction(connection.Action((session, _, cancellationToken) => Pages.ShowAllAsync(
            session,
            token => session.Client.ListBackupsAsync(new ListBackupsRequest { PageSize = Pages.Largest, PageToken = token }, session.Soon(cancellationToken)).ResponseAsync,
            page => page.Backups,
            all => BackupView.Table(all.Backups))));
        return command;
    }
}
