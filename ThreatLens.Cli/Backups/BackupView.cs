using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Backups;

/// <summary>Backups for people.</summary>
internal static class BackupView
{
    public static IRenderable Table(IReadOnlyCollection<Backup> backups)
    {
        if (backups.Count == 0)
            return new Text("There are no backups.");
        var table = Screen.NewTable("Backup", "Taken (UTC)", "Size", "Schema", "Verified (UTC)", "Operation");
        foreach (var column in table.Columns)
            column.NoWrap();
        foreach (var backup in backups)
            table.AddRow(
                new Text(Safe.Text(backup.Name)),
                new Text(Words.Of(backup.CreateTime)),
                new Text(Words.Bytes(backup.Bytes)),
                new Text(backup.SchemaVersion.Length > 0 ? Safe.Text(backup.SchemaVersion) : "nothing"),
                backup.VerifyTime is { } verified ? new Text(Words.Of(verified), Styles.Good) : new Text("never", Styles.Attention),
                new Text(Safe.Text(backup.OperationId)));
        return table;
    }

    public static IRenderable Of(BackupResult result) => new Rows(
        new Text($"Took {Safe.Text(result.Backup.Name)}, {Words.Bytes(result.Backup.Bytes)}, verified.", Styles.Good),
        Removed("Removed", result.RemovedNames));

    public static IRenderable Of(BackupPlan plan) => new Rows(
        new Text($"Would take at most {Words.Bytes(plan.Bytes)}; {Words.Bytes(plan.AvailableFreeBytes)} are free."),
        Removed("Would remove", plan.RemovedNames));

    public static IRenderable Of(RestoreResult result) => new Rows(
        new Text($"{Safe.Text(result.Backup.Name)} is in place; {Words.Count(result.RowsLost, "row", "rows")} lost.", Styles.Good),
        Unreadable(result.UnreadableTables),
        new Text($"What it replaced is in {Safe.Text(result.ReplacedPath)}"));

    public static IRenderable Of(RestorePlan plan) => new Rows(
        new Text($"Would put {Safe.Text(plan.Backup.Name)} in place, taken {Words.Of(plan.Backup.CreateTime)} UTC."),
        new Text($"{Words.Count(plan.RowsLost, "row", "rows")} newer than it would be lost: confirm with --max-rows-lost {plan.RowsLost}", plan.RowsLost > 0 ? Styles.Attention : Styles.Plain),
        Unreadable(plan.UnreadableTables),
        new Text($"etag {Safe.Text(plan.Etag)}", Styles.Faint));

    public static IRenderable Of(RunRestoreDrillPlan plan) => new Rows(
        new Text($"Would restore {Safe.Text(plan.Backup.Name)} aside, taken {Words.Of(plan.Backup.CreateTime)} UTC."),
        new Text(
            $"Needs {Words.Bytes(plan.RequiredFreeBytes)} of {Words.Bytes(plan.AvailableFreeBytes)} free.",
            plan.RequiredFreeBytes > plan.AvailableFreeBytes ? Styles.Bad : Styles.Plain));

    public static IRenderable Of(RunRestoreDrillResult result) => result.Passed
        ? new Text($"{Safe.Text(result.Backup.Name)} can be restored: it took {Words.Of(result.RecoveryDuration)}, and every check passed.", Styles.Good)
        : new Rows(
            new Text($"{Safe.Text(result.Backup.Name)} cannot be relied on:", Styles.Bad),
            new Rows(result.Problems.Select(problem => new Text("- " + Safe.Text(problem)))));

    private static IRenderable Unreadable(IReadOnlyCollection<string> tables) => tables.Count > 0
        ? new Text($"Too damaged to be counted: {Safe.Text(string.Join(", ", tables))}", Styles.Bad)
        : new Rows();

    private static IRenderable Removed(string verb, IReadOnlyCollection<string> names) => names.Count > 0
        ? new Text($"{verb}: {Safe.Text(string.Join(", ", names))}", Styles.Faint)
        : new Rows();
}
