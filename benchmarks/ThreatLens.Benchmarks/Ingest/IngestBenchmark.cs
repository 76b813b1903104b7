using System.CommandLine;
using ThreatLens.Testing;

namespace ThreatLens.Benchmarks.Ingest;

/// <summary>Metrics end to end, beside what SQLite can do in process: every bar in one run, as ratios.</summary>
internal static class IngestBenchmark
{
    private static readonly string[] Parts = ["throughput", "latency", "fairness", "memory"];
    private const string Alternatives = "alternatives";

    public static Command Command()
    {
        var full = new Option<bool>("--full") { Description = "Long enough for the bars: 7 rounds of 10 s, 20 million samples." };
        var rounds = new Option<int?>("--rounds") { Description = "Interleaved rounds (quick: 3, full: 7)." };
        var seconds = new Option<double?>("--seconds") { Description = "Seconds counted of each measurement (quick: 4, full: 10)." };
        var millions = new Option<double?>("--millions") { Description = "Samples of the memory curve, millions (quick: 2, full: 20)." };
        var parts = new Option<string[]>("--only") { Description = $"Parts to run: {string.Join(", ", Parts)}; and {Alternatives}, ways to write that were compared.", AllowMultipleArgumentsPerToken = true };
        var settings = new Option<string[]>("--set") { Description = "A setting of the service, as Maintenance__Ingest__MaxGroupRows=1000.", AllowMultipleArgumentsPerToken = true };
        parts.AcceptOnlyFromAmong([.. Parts, Alternatives]);
        var command = new Command("ingest", "Acknowledged samples a second, end to end, beside a raw writer, EF Core and an INSERT per row; latency, fairness, memory.")
        {
            full, rounds, seconds, millions, parts, settings,
        };
        command.SetAction(result => RunAsync(new IngestPlan
        {
            Rounds = result.GetValue(rounds) ?? (result.GetValue(full) ? 7 : 3),
            Seconds = result.GetValue(seconds) ?? (result.GetValue(full) ? 10 : 4),
            Millions = result.GetValue(millions) ?? (result.GetValue(full) ? 20 : 2),
            Settings = result.GetValue(settings) ?? [],
            Parts = result.GetValue(parts) is { Length: > 0 } some ? some : Parts,
        }));
        return command;
    }

    private static async Task<int> RunAsync(IngestPlan plan)
    {
        using var folder = new TemporaryFolder();
        var report = new IngestReport();
        var template = await ServiceRun.MakeTemplateAsync(folder.File("template.db"));
        var saturation = 0.0;
        if (plan.Parts.Contains("throughput"))
            saturation = await ThroughputPart.RunAsync(plan, template, report);
        if (plan.Parts.Contains("latency"))
            await LatencyPart.RunAsync(plan, saturation, report);
        if (plan.Parts.Contains("fairness"))
            await FairnessPart.RunAsync(plan, report);
        if (plan.Parts.Contains("memory"))
            await MemoryPart.RunAsync(plan, report);
        if (plan.Parts.Contains(Alternatives))
            AlternativesPart.Run(plan, template);
        return report.Print();
    }
}
