using System.CommandLine;
using ThreatLens.Benchmarks.Ingest;

namespace ThreatLens.Benchmarks.Health;

/// <summary>The health report: what making it costs, beside ingest, for many subscribers, and as the original made it.</summary>
internal static class HealthBenchmark
{
    private static readonly string[] Parts = ["make", "report", "original", "ingest", "first", "subscribers"];

    public static Command Command()
    {
        var metrics = new Option<long>("--metrics") { Description = "Rows of processing_metrics.", DefaultValueFactory = _ => 20_000_000 };
        var events = new Option<long>("--events") { Description = "Rows of events.", DefaultValueFactory = _ => 5_000_000 };
        var reports = new Option<int>("--reports") { Description = "Reports that are timed.", DefaultValueFactory = _ => 3_000 };
        var seconds = new Option<double>("--seconds") { Description = "Seconds of each measurement beside ingest and with subscribers.", DefaultValueFactory = _ => 10 };
        var folder = new Option<string>("--folder") { Description = "Where the databases are, and stay: making them takes minutes, and goes on where it stopped.", DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "threatlens-health") };
        var parts = new Option<string[]>("--only") { Description = $"Parts to run: {string.Join(", ", Parts)}.", AllowMultipleArgumentsPerToken = true };
        parts.AcceptOnlyFromAmong(Parts);
        var command = new Command("health", "Full health reports on twenty million metrics and five million events, on a hundredth of that, beside ingest, for 200 subscribers, and by the original's queries.")
        {
            metrics, events, reports, seconds, folder, parts,
        };
        command.SetAction(parsed => RunAsync(
            parsed.GetValue(folder)!, parsed.GetValue(metrics), parsed.GetValue(events), parsed.GetValue(reports), parsed.GetValue(seconds),
            parsed.GetValue(parts) is { Length: > 0 } some ? some : Parts));
        return command;
    }

    private static async Task<int> RunAsync(string folder, long metrics, long events, int reports, double seconds, string[] parts)
    {
        Directory.CreateDirectory(folder);
        var large = new HealthDatabase(Path.Combine(folder, $"{metrics}-{events}.db"), metrics, events);
        var small = new HealthDatabase(Path.Combine(folder, $"{metrics / 100}-{events / 100}.db"), metrics / 100, events / 100);
        small.Make();
        // What runs on the small one alone does not wait for the large one to be made.
        if (parts.Except(["ingest", "first"]).Any())
            large.Make();
        var report = new IngestReport();
        if (parts.Contains("report"))
            ReportPart.Run(large, small, reports, report);
        if (parts.Contains("original"))
            OriginalPart.Run(large, small);
        if (parts.Contains("ingest"))
            await BesideIngestPart.RunAsync(small, 3, seconds, report);
        if (parts.Contains("first"))
            await FirstMessagePart.RunAsync(small, report);
        if (parts.Contains("subscribers"))
            await SubscribersPart.RunAsync(large, seconds, report);
        return report.Print();
    }
}
