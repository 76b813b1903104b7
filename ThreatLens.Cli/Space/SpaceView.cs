using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Space;

/// <summary>Sizes and optimizations for people.</summary>
internal static class SpaceView
{
    public static IRenderable Of(OptimizePlan plan) => new Rows(
        new Text("Would:"),
        new Rows(plan.Steps.Select(step => new Text("- " + Safe.Text(step)))),
        new Facts()
            .Add("Database", $"{Words.Bytes(plan.DatabaseBytes)}, auto_vacuum {Names.Of(plan.AutoVacuum)}")
            .Add("Free pages", Words.Bytes(plan.FreeBytes))
            .Add("Unused within pages", $"about {Words.Bytes(plan.UnusedBytes)}")
            .Add("Expected gain", $"about {Words.Bytes(plan.ExpectedGainBytes)}")
            .Add("Needs free", $"{Words.Bytes(plan.RequiredFreeBytes)} of {Words.Bytes(plan.AvailableFreeBytes)}", plan.RequiredFreeBytes > plan.AvailableFreeBytes ? Styles.Bad : Styles.Plain)
            .Add("Writers wait", $"about {Words.Of(plan.EstimatedWriteLock)} at a stretch")
            .Build(),
        new Text($"etag {Safe.Text(plan.Etag)}", Styles.Faint));

    public static IRenderable Of(OptimizeResult result) => new Rows(
        new Text($"{(result.Rewrote ? "Rewrote the file" : "Gave space back")}: from {Words.Bytes(result.BytesBefore)} to {Words.Bytes(result.BytesAfter)}.", Styles.Good),
        new Facts()
            .Add("Slices", result.Slices > 0 ? $"{Words.Number(result.Slices)} of {Words.Count(result.ReturnedPages, "page", "pages")} in all" : string.Empty)
            .Add("Still free", result.FreeBytesAfter > 0 ? $"{Words.Bytes(result.FreeBytesAfter)}, auto_vacuum {Names.Of(result.AutoVacuum)}" : string.Empty)
            .Add("Write-ahead log", result.WalBytesAfter > 0 ? Words.Bytes(result.WalBytesAfter) : string.Empty)
            .Add("Statistics of", string.Join(", ", result.AnalyzedTables))
            .Add("Writers waited", $"at most {Words.Of(result.LongestWriteLock)} at a stretch")
            .Build());

    public static IRenderable Of(DatabaseSize size) => new Rows(
        new Facts()
            .Add("File", Words.Bytes(size.FileBytes))
            .Add("Write-ahead log", Words.Bytes(size.WalBytes))
            .Add("Database", Words.Bytes(size.DatabaseBytes))
            .Add("Free pages", Words.Bytes(size.FreeBytes))
            .Add("Overhead", Words.Bytes(size.OverheadBytes))
            .Build(),
        Objects(size),
        new Text(Safe.Text(size.Method), Styles.Faint));

    private static Table Objects(DatabaseSize size)
    {
        var table = Screen.NewTable("Object", "Type", "Of table", "Size", "Rows", "Unused");
        foreach (var column in table.Columns.Skip(3))
            column.RightAligned();
        foreach (var one in size.Objects)
            table.AddRow(
                new Text(Safe.Text(one.Name)),
                new Text(Safe.Text(one.ObjectType)),
                new Text(one.ObjectType == "index" ? Safe.Text(one.Table) : string.Empty),
                new Text(Words.Bytes(one.Bytes) + Error(one.ErrorBound)),
                new Text(one.ObjectType == "index" ? string.Empty : Words.Number(one.Rows) + Error(one.RowsErrorBound)),
                new Text(Words.Bytes(one.UnusedBytes)));
        return table;
    }

    private static string Error(double bound) => bound > 0 ? FormattableString.Invariant($" ±{bound * 100:0.#} %") : string.Empty;
}
