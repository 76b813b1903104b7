using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Monitoring;

/// <summary>Log sources for people.</summary>
internal static class LogSourceView
{
    /// <summary>A terminal narrower than this would break paths into shreds.</summary>
    private const int TableWidth = 150;

    /// <summary>One a row; on narrow terminals a few lines each.</summary>
    public static IRenderable Table(IEnumerable<LogSource> sources) =>
        Screen.Width < TableWidth ? new Rows(sources.Select(InLines)) : InRows(sources);

    private static IRenderable InLines(LogSource source)
    {
        var text = new Paragraph()
            .Append(Safe.Text(source.SourceName), Styles.Header)
            .Append(source.Enabled ? "  enabled, " : "  disabled, ", source.Enabled ? Styles.Good : Styles.Attention)
            .Append(Status(source))
            .Append($"  {Words.Bytes(source.LastOffset)} of {Words.Bytes(source.FileSize)}  {Words.Of(source.LastMonitoredTime)}\n")
            .Append("  " + Safe.Text(source.Path), Styles.Faint);
        return source.ErrorMessage.Length > 0 ? text.Append("\n  " + Safe.Text(source.ErrorMessage), Styles.Bad) : text;
    }

    private static Table InRows(IEnumerable<LogSource> sources)
    {
        var table = Screen.NewTable("Source", "Enabled", "Status", "Size", "Processed", "Last watched (UTC)", "Path", "Error");
        foreach (var column in table.Columns.Take(6))
            column.NoWrap();
        foreach (var source in sources)
            table.AddRow(
                new Text(Safe.Text(source.SourceName)),
                source.Enabled ? new Text("yes", Styles.Good) : new Text("no", Styles.Attention),
                new Text(Status(source), source.Status == LogSourceStatus.Error ? Styles.Bad : Styles.Plain),
                new Text(Words.Bytes(source.FileSize)),
                new Text(Words.Bytes(source.LastOffset)),
                new Text(Words.Of(source.LastMonitoredTime)),
                new Text(Safe.Text(source.Path)),
                new Text(Safe.Text(source.ErrorMessage), Styles.Bad));
        return table;
    }

    /// <summary>A stored value that the contract has no name for is shown as it is.</summary>
    private static string Status(LogSource source) =>
        source.Status == LogSourceStatus.Unspecified ? Safe.Text(source.RawStatus) : Names.Of(source.Status);
}
