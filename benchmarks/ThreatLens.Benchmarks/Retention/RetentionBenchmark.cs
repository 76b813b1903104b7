using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace ThreatLens.Benchmarks.Retention;

/// <summary>Deleting the older half of a table beside the metrics writer, and without it.</summary>
internal static class RetentionBenchmark
{
    public static Command Command()
    {
        var rows = new Option<int>("--rows") { Description = "Rows of processing_metrics, half of them old.", DefaultValueFactory = _ => 5_000_000 };
        var rate = new Option<int>("--rate") { Description = "Samples a second that are ingested meanwhile.", DefaultValueFactory = _ => 20_000 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds; medians are shown.", DefaultValueFactory = _ => 1 };
        var command = new Command("retention", "Cleanup of the older half of processing_metrics beside ingest: ours, one DELETE with a VACUUM, fixed chunks.") { rows, rate, rounds };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(rows), parsed.GetValue(rate), parsed.GetValue(rounds), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int rows, int rate, int rounds, CancellationToken cancellationToken)
    {
        using var template = RetentionDatabase.Create(rows);
        var runs = new List<Measured>();
        for (var round = 0; round < rounds; round++)
        {
            runs.Add(await RetentionRun.MeasureAsync(template, Contestant.Nothing, rate, cancellationToken));
            foreach (var contestant in (Contestant[])[Contestant.Ours, Contestant.OneDelete, Contestant.FixedChunks])
            {
                runs.Add(await RetentionRun.MeasureAsync(template, contestant, rate, cancellationToken));
                if (contestant != Contestant.FixedChunks)
                    runs.Add(await RetentionRun.MeasureAsync(template, contestant, 0, cancellationToken));
            }
        }

        Show(rows, rate, runs);
        return 0;
    }

    private static void Show(int rows, int rate, List<Measured> runs)
    {
        var table = new Table().AddColumns("Contestant", "Ingest/s", "Deleted/s", "VACUUM s", "Batch p50 ms", "p99 ms", "max ms", "refused", "WAL peak MiB");
        var medians = runs.GroupBy(r => (r.Contestant, r.Rate)).Select(g => Measured.Median([.. g])).ToList();
        foreach (var m in medians)
            table.AddRow(m.Contestant.ToString(), Text(m.Rate), Text(m.DeletedPerSecond), Text(m.VacuumSeconds), Text(m.P50), Text(m.P99), Text(m.Max), Text(m.Refused), Text(m.WalPeakMebibytes));
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows:#,0} rows, half of them old; batches of {RetentionRun.BatchRows} rows"));
        AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(table);

        Measured Of(Contestant contestant, int at) => medians.Single(m => m.Contestant == contestant && m.Rate == at);
        var (ours, alone) = (Of(Contestant.Ours, rate), Of(Contestant.Nothing, rate));
        Bar("added to the writer's p99, ms", ours.P99 - alone.P99, "at most 30", v => v <= 30);
        Bar("the writer's longest, ms", ours.Max, "under 150", v => v < 150);
        Bar("speed beside ingest, of one DELETE beside ingest", ours.DeletedPerSecond / Of(Contestant.OneDelete, rate).DeletedPerSecond, "at least 0.6", v => v >= 0.6);
        Bar("speed without ingest, of one DELETE", Of(Contestant.Ours, 0).DeletedPerSecond / Of(Contestant.OneDelete, 0).DeletedPerSecond, "at least 0.9", v => v >= 0.9);
        Bar("deleted a second, of what ingest adds", ours.DeletedPerSecond / rate, "over 1", v => v > 1);
        Bar("WAL peak, MiB", ours.WalPeakMebibytes, "under 64", v => v < 64);
    }

    private static void Bar(string what, double value, string bar, Func<double, bool> isMet) =>
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(isMet(value) ? "ok  " : "MISS")}  {what}: {value:0.##} ({bar})"));

    private static string Text(double value) => value.ToString(value >= 1000 ? "#,0" : "0.#", CultureInfo.InvariantCulture);
}
