using System.Globalization;
using Spectre.Console;
using ThreatLens.Benchmarks.Contenders;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>Prints medians, and how they stand to the minimal runner's.</summary>
internal static class ResultTable
{
    public static void Write(string title, Measurements measured)
    {
        var limit = measured[LineUp.Minimal];
        var table = new Table().Title(title).Border(TableBorder.Markdown);
        table.AddColumns("contender", "fresh ms", "x minimal", "no-op ms", "x minimal");
        var repeats = limit.Repeated.Count > 0;
        if (repeats)
            table.AddColumns("no-op, file stays open ms", "x minimal");
        foreach (var contender in measured.Contenders)
        {
            var timing = measured[contender];
            List<string> row = [contender, Milliseconds(timing.Fresh), Ratio(timing.Fresh, limit.Fresh), Milliseconds(timing.NoOp), Ratio(timing.NoOp, limit.NoOp)];
            if (repeats)
                row.AddRange([Milliseconds(timing.Repeated), Ratio(timing.Repeated, limit.Repeated)]);
            table.AddRow([.. row]);
        }

        AnsiConsole.WriteLine();
        AnsiConsole.Write(table);
    }

    private static string Milliseconds(List<double> times) => Quantile.Median(times).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Ratio(List<double> times, List<double> limit) => (Quantile.Median(times) / Quantile.Median(limit)).ToString("0.00", CultureInfo.InvariantCulture);
}
