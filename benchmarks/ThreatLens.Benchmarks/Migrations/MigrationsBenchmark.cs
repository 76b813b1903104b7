using System.CommandLine;
using System.Globalization;
using Microsoft.Data.Sqlite;
using ThreatLens.Benchmarks.Contenders;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>Applying the same migrations, fresh and as a no-op, beside other tools.</summary>
internal static class MigrationsBenchmark
{
    private const double FreshLimit = 1.2;
    private const double NoOpLimit = 0.4;
    private const double StatusLimit = 2;

    public static Command Command()
    {
        var runs = new Option<int>("--runs") { Description = "Runs of each contender; the median counts.", DefaultValueFactory = _ => 20 };
        var warmUp = new Option<int>("--warm-up") { Description = "Rounds before those that count, in process: as many as the JIT needs to settle.", DefaultValueFactory = _ => 200 };
        var only = new Option<string>("--only") { Description = "warm, cold or status; all by default." };
        only.AcceptOnlyFromAmong("warm", "cold", "status");
        var command = new Command("migrations", "The product's migrations beside FluentMigrator, DbUp, Evolve, EF Core and a minimal runner.") { runs, warmUp, only };
        command.SetAction(parsed => Run(parsed.GetValue(runs), parsed.GetValue(warmUp), parsed.GetValue(only)));
        return command;
    }

    private static int Run(int runs, int warmUp, string? only)
    {
        ScriptSet.Product.WriteForEvolve(AppContext.BaseDirectory);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"SQLite {new SqliteConnection().ServerVersion}, .NET {Environment.Version}, {Environment.ProcessorCount} processors; {BenchmarkFile.Settings} for all. Medians of {runs} interleaved runs."));
        Console.WriteLine("threatlens: with lock, history, checksums and fingerprints, without backup and operation row. A run opens and closes the file;");
        Console.WriteLine("where it stays open: ours as in the service, the others in their driver's pool of connections, which is its default.");
        var bars = new List<Bar>();
        if (only is null or "warm")
            bars.AddRange(Warm(runs, warmUp));
        if (only is null or "status")
            bars.Add(Status());
        if (only is null or "cold")
            bars.AddRange(Cold(runs));
        Console.WriteLine();
        foreach (var bar in bars)
            Console.WriteLine(bar);
        return bars.All(b => b.IsMet) ? 0 : 1;
    }

    private static List<Bar> Warm(int runs, int warmUp)
    {
        var warm = Measurements.Warm();
        warm.Run(warmUp, keep: false);
        warm.Run(runs, keep: true);
        ResultTable.Write("In process, warm", warm);
        var ours = warm[LineUp.ThreatLens];
        var limit = warm[LineUp.Minimal];
        return
        [
            new Bar("warm, fresh, times the minimal runner", Quantile.Median(ours.Fresh) / Quantile.Median(limit.Fresh), FreshLimit, "x"),
            new Bar("warm, no-op, the file open", Quantile.Median(ours.Repeated), NoOpLimit, "ms"),
            new Bar("warm, no-op, opening the file", Quantile.Median(ours.NoOp), NoOpLimit, "ms"),
            .. NoPeerFaster("warm", warm),
            BesidePeers("warm, no-op, the file open", warm, t => t.Repeated),
        ];
    }

    private static List<Bar> Cold(int runs)
    {
        var processes = ColdProcess.Prepare();
        var cold = Measurements.Cold(processes);
        cold.Run(1, keep: false);
        cold.Run(runs, keep: true);
        ResultTable.Write(processes.Title, cold);
        return [.. NoPeerFaster("cold", cold)];
    }

    private static Bar Status()
    {
        Console.WriteLine();
        var (kept, opened) = (Status("the file open, as in the service", keepsReader: true), Status("opening the file", keepsReader: false));
        return new Bar("status, p99", Math.Max(kept, opened), StatusLimit, "ms");
    }

    private static double Status(string how, bool keepsReader)
    {
        var times = StatusMeasurement.Run(keepsReader);
        var p99 = Quantile.Of(times, 0.99);
        Console.WriteLine(FormattableString.Invariant($"Status in process on a current database, {how}, {times.Count} calls: p50 {Quantile.Median(times):0.000} ms, p99 {p99:0.000} ms"));
        return p99;
    }

    private static IEnumerable<Bar> NoPeerFaster(string mode, Measurements measured)
    {
        yield return BesidePeers($"{mode}, fresh", measured, t => t.Fresh);
        yield return BesidePeers($"{mode}, no-op", measured, t => t.NoOp);
    }

    private static Bar BesidePeers(string what, Measurements measured, Func<Timing, List<double>> times) => new(
        $"{what}, beside the fastest peer", Quantile.Median(times(measured[LineUp.ThreatLens])), LineUp.Peers.Min(p => Quantile.Median(times(measured[p]))), "ms");
}
