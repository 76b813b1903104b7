using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Retention;

/// <summary>Cleanups for people.</summary>
internal static class CleanupView
{
    public static IRenderable Of(CleanupPlan plan) => new Rows(
        new Text($"Would delete {Words.Count(plan.Tables.Sum(t => t.Rows), "row", "rows")}, about {Words.Bytes(plan.Tables.Sum(t => t.Bytes))}, in about {Words.Of(plan.EstimatedDuration)}."),
        Table(plan.Tables),
        new Text($"{Words.Bytes(plan.UsedBytes)} are in use{(plan.MaxDatabaseBytes > 0 ? $", {Words.Bytes(plan.MaxDatabaseBytes)} may be" : string.Empty)}; {Words.Count(plan.HoldIds.Count, "hold is", "holds are")} in force."),
        new Text($"etag {Safe.Text(plan.Etag)}", Styles.Faint));

    public static IRenderable Of(CleanupResult result) => new Rows(
        new Text(
            $"Deleted {Words.Count(result.Tables.Sum(t => t.Rows), "row", "rows")} in {Words.Count(result.Chunks, "transaction", "transactions")}, {Words.Count(result.Orphans, "orphan", "orphans")} among them.", Styles.Good),
        Table(result.Tables),
        new Text($"{Words.Bytes(result.UsedBytes)} are in use, {Words.Bytes(result.FreeBytes)} free for new rows."));

    private static Table Table(IEnumerable<TableCleanup> tables)
    {
        var table = Screen.NewTable("Table", "Older than (UTC)", "Rows", "Orphans", "Held", "No time", "Oldest (UTC)", "Newest (UTC)");
        foreach (var column in table.Columns.Skip(2).Take(4))
            column.RightAligned();
        foreach (var t in tables)
        {
            if (t.SkippedReason.Length > 0)
                table.AddRow(new Text(t.Table), new Text(Safe.Text(t.SkippedReason), Styles.Attention), new Text(string.Empty), new Text(string.Empty), new Text(string.Empty), new Text(string.Empty), new Text(string.Empty), new Text(string.Empty));
            else
                table.AddRow(
                    new Text(t.Table), new Text(Words.Of(t.CutoffTime)), new Text((t.RowsEstimated ? "about " : string.Empty) + Words.Number(t.Rows)), new Text(Words.Number(t.Orphans)),
                    new Text(Words.Number(t.HeldRows)), new Text(Words.Number(t.UnreadableRows)), new Text(Words.Of(t.OldestTime)), new Text(Words.Of(t.NewestTime)));
        }

        return table;
    }
}
