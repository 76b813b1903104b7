using System.Diagnostics;
using ThreatLens.Benchmarks.Ingest.Alternatives;
using ThreatLens.Benchmarks.Ingest.InProcess;

namespace ThreatLens.Benchmarks.Ingest;

/// <summary>Ways to write, in process and in interleaved rounds: what docs/decisions/0010 chose from.</summary>
internal static class AlternativesPart
{
    public static void Run(IngestPlan plan, string template)
    {
        var measured = Alternative.All.ToDictionary(a => a, _ => new List<(double Rows, double Cpu, double P99)>());
        for (var round = 0; round < plan.Rounds; round++)
        {
            foreach (var alternative in Alternative.All)
                measured[alternative].Add(Measure(alternative, template, TimeSpan.FromSeconds(plan.Seconds)));
        }

        IngestReport.Tell($"rows a second, against the first, processor microseconds a row, transaction p99 ms");
        var first = measured[Alternative.All[0]];
        foreach (var (alternative, runs) in measured)
        {
            var ratio = IngestPlan.Median(runs.Select((r, i) => r.Rows / first[i].Rows));
            IngestReport.Tell($"{alternative.Name,-64} {IngestPlan.Median(runs.Select(r => r.Rows)),9:0} {ratio,6:0.00} {IngestPlan.Median(runs.Select(r => r.Cpu)),6:0.0} {IngestPlan.Median(runs.Select(r => r.P99)),7:0.0}");
        }
    }

    private static (double Rows, double Cpu, double P99) Measure(Alternative alternative, string template, TimeSpan duration)
    {
        using var file = new ContestantFile(template);
        using var connection = file.Open();
        ContestantFile.Execute(connection, $"PRAGMA cache_size = -{alternative.CacheKibibytes}");
        using var writer = new AlternativeWriter(alternative, connection);
        var gate = new Lock();
        using var checkpoints = alternative.Checkpoints == Checkpoints.OnThread ? new CheckpointThread(file, connection, gate, alternative.CheckpointPages) : null;
        var rows = 0L;
        var took = new List<double>();
        var (from, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        while (Stopwatch.GetElapsedTime(from) < duration)
        {
            var begun = Stopwatch.GetTimestamp();
            lock (gate)
            {
                ContestantFile.Execute(connection, "BEGIN IMMEDIATE");
                writer.Insert(alternative.Group);
                ContestantFile.Execute(connection, "COMMIT");
                checkpoints?.Committed();
            }

            took.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            rows += alternative.Group;
        }

        var used = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / rows;
        return (rows / Stopwatch.GetElapsedTime(from).TotalSeconds, used, took.Order().ElementAt((int)(took.Count * 0.99)));
    }
}
