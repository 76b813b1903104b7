using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Monitoring;

/// <summary>Log sources for people.</summary>
internal static class LogSourceView
{
    public static IRenderable Table(IEnumerable<LogSource> sources)
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
