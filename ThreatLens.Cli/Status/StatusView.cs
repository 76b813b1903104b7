using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Status;

/// <summary>The state of the schema for people.</summary>
internal static class StatusView
{
    public static IRenderable Of(StatusResponse status)
    {
        var facts = new Facts()
            .Add("Database", status.DatabaseExists ? status.DatabaseName : $"{status.DatabaseName} (does not exist yet)")
            .Add("System", status.DatabaseSystem)
            .Add("Version", status.CurrentVersion.Length > 0 ? status.CurrentVersion : "none")
            .Add("Latest", status.LatestVersion)
            .Add("Schema", Verdict(status), status.UpToDate ? Styles.Good : Styles.Attention)
            .Add("Metrics", status.CanTakeMetrics ? "can be taken" : "cannot be taken", status.CanTakeMetrics ? Styles.Good : Styles.Bad)
            .Build();

        var table = Screen.NewTable("Migration", "State", "Applied (UTC)", "Description");
        table.Columns[0].NoWrap();
        table.Columns[1].NoWrap();
        table.Columns[2].NoWrap();
        foreach (var migration in status.Migrations)
            table.AddRow(
                new Text(Safe.Text(migration.Version)),
                new Text(Names.Of(migration.State), Styles.Of(migration.State)),
                new Text(Words.Of(migration.ApplyTime)),
                new Text(Safe.Text(migration.Description)));

        return status.RunningOperation is { } operation
            ? new Rows(facts, table, new Text("Running now:"), OperationView.Table([operation]))
            : new Rows(facts, table);
    }

    private static string Verdict(StatusResponse status)
    {
        if (status.UpToDate)
            return "up to date";

        if (status.Unfinished is { } begun)
            return $"{Safe.Text(begun.Version)} is half {(begun.Down ? "undone" : "applied")}: {begun.StatementsDone} statements have run; {(begun.Down ? "rollback --version" : "migrate --to")} {Safe.Text(begun.Version)} finishes it";

        var parts = status.Migrations
            .Where(migration => migration.State is MigrationState.Pending or MigrationState.Changed or MigrationState.Unknown)
            .GroupBy(migration => migration.State)
            .Select(group => $"{group.Count()} {Names.Of(group.Key)}");
        var unadopted = status.Migrations.Count(migration => migration is { State: MigrationState.Applied, AppliedChecksum: "" });
        if (unadopted > 0)
            parts = parts.Append($"{unadopted} to adopt");
        return string.Join(", ", parts) is { Length: > 0 } text ? text : "not up to date";
    }
}
