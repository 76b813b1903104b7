using System.Globalization;
using Spectre.Console;

namespace ThreatLens.Benchmarks.Retention;

/// <summary>Shows what was measured, and which bars it met; those whose runs were left out are not shown.</summary>
internal static class RetentionReport
{
    public static void Show(List<Measured> runs)
    {
        var table = new Table().AddColumns("Contestant", "Ingest/s", "Deleted/s", "p50 ms", "p99 ms", "max ms", "refused", "WAL MiB", "Space s", "its p99 ms", "its max ms", "File, of vacuumed");
        foreach (var m in runs)
        {
            double[] values = [m.Rate, m.DeletedPerSecond, m.Writer.P50, m.Writer.P99, m.Writer.Max, m.Refused, m.WalPeakMebibytes, m.Space.Seconds, m.Space.Writer.P99, m.Space.Writer.Max, m.Space.OfVacuumed];
            table.AddRow([m.Contestant.ToString(), .. values.Select(Text)]);
        }

        AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(table);
        ShowBeside(runs.Find(m => m is { Contestant: Contestant.Ours, Rate: > 0 }), runs);
        if (Of(runs, Contestant.Ours, isIdle: true) is { } ours && Of(runs, Contestant.OneDelete, isIdle: true) is { } one)
            Bar("speed without ingest, of one DELETE", ours.DeletedPerSecond / one.DeletedPerSecond, "at least 0.9", v => v >= 0.9);
    }

    private static void ShowBeside(Measured? ours, List<Measured> runs)
    {
        if (ours is null)
            return;
        if (Of(runs, Contestant.Nothing, isIdle: false) is { } alone)
            Bar("added to the writer's p99, ms", ours.Writer.P99 - alone.Writer.P99, "at most 30", v => v <= 30);
        Bar("the writer's longest, ms", ours.Writer.Max, "under 150", v => v < 150);
        if (Of(runs, Contestant.OneDelete, isIdle: false) is { } one)
            Bar("speed beside ingest, of one DELETE beside ingest", ours.DeletedPerSecond / one.DeletedPerSecond, "at least 0.6", v => v >= 0.6);
        Bar("deleted a second, of what ingest adds", ours.DeletedPerSecond / ours.Rate, "over 1", v => v > 1);
        Bar("WAL peak, MiB", ours.WalPeakMebibytes, "under 64", v => v < 64);
        Bar("the writer's longest while space is returned, ms", ours.Space.Writer.Max, "at most 80", v => v <= 80);
        Bar("file after it, of a freshly vacuumed one", ours.Space.OfVacuumed, "at most 1.1", v => v <= 1.1);
    }

    private static Measured? Of(List<Measured> runs, Contestant contestant, bool isIdle) => runs.Find(m => m.Contestant == contestant && m.Rate == 0 == isIdle);

    private static void Bar(string what, double value, string bar, Func<double, bool> isMet) =>
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(isMet(value) ? "ok  " : "MISS")}  {what}: {value:0.##} ({bar})"));

    private static string Text(double value) => value.ToString(value >= 1000 ? "#,0" : "0.##", CultureInfo.InvariantCulture);
}
