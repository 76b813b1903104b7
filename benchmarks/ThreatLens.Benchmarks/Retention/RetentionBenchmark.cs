using System.CommandLine;
using Spectre.Console;

namespace ThreatLens.Benchmarks.Retention;

/// <summary>Deleting the older half of a table, and giving its space back, beside the metrics writer and without it.</summary>
internal static class RetentionBenchmark
{
    private const string Beside = "beside";
    private const string Idle = "idle";

    public static Command Command()
    {
        var rows = new Option<int>("--rows") { Description = "Rows of processing_metrics, half of them old.", DefaultValueFactory = _ => 5_000_000 };
        var rate = new Option<int>("--rate") { Description = "Samples a second that are ingested meanwhile.", DefaultValueFactory = _ => 20_000 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds; medians are shown.", DefaultValueFactory = _ => 1 };
        var part = new Option<string>("--part") { Description = "beside: beside the writer; idle: without it; left out: both." };
        part.AcceptOnlyFromAmong(Beside, Idle);
        var only = new Option<Contestant[]>("--only") { Description = "These contestants; left out: all.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => Enum.GetValues<Contestant>() };
        var template = new Option<string>("--template") { Description = "A file that keeps the database between goes of one day; made if it is not there." };
        var command = new Command("retention", "Cleanup of the older half of processing_metrics, and the return of its space, beside ingest: ours, one DELETE with a VACUUM, fixed chunks.")
        {
            rows, rate, rounds, part, only, template,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(rows), parsed.GetValue(template), parsed.GetValue(rounds), [.. Runs(parsed.GetValue(part), parsed.GetValue(only)!, parsed.GetValue(rate))], cancellationToken));
        return command;
    }

    private static IEnumerable<(Contestant Contestant, int Rate)> Runs(string? part, Contestant[] only, int rate) => only
        .SelectMany(c => new (Contestant Contestant, int Rate)[] { (c, rate), (c, 0) })
        .Where(r => (part is null || part == (r.Rate > 0 ? Beside : Idle)) && (r.Rate > 0 || r.Contestant is Contestant.Ours or Contestant.OneDelete));

    private static async Task<int> RunAsync(int rows, string? kept, int rounds, List<(Contestant Contestant, int Rate)> runs, CancellationToken cancellationToken)
    {
        using var template = RetentionDatabase.Create(rows, kept);
        var measured = new List<Measured>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (contestant, rate) in runs)
                measured.Add(await RetentionRun.MeasureAsync(template, contestant, rate, cancellationToken));
        }

        AnsiConsole.WriteLine($"{rows:#,0} rows, half of them old; batches of {RetentionRun.BatchRows} rows");
        RetentionReport.Show([.. measured.GroupBy(r => (r.Contestant, r.Rate)).Select(g => Measured.Median([.. g]))]);
        return 0;
    }
}
