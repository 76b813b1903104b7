using System.Diagnostics;
using Microsoft.EntityFrameworkCore;

namespace ThreatLens.Benchmarks.Ingest.InProcess;

/// <summary>What stores the same rows in this process, for so long, on a file of its own.</summary>
/// <returns>Rows a second, the warm-up not counted.</returns>
internal static class Contestants
{
    private const int EfCoreBatch = 1_000;

    /// <summary>Bound statements in transactions of <paramref name="batch"/> rows: what there is to reach.</summary>
    public static double Raw(string template, int batch, TimeSpan warmUp, TimeSpan duration)
    {
        using var file = new ContestantFile(template);
        using var connection = file.Open();
        using var writer = new RawWriter(connection);
        return Measure(warmUp, duration, () =>
        {
            ContestantFile.Execute(connection, "BEGIN IMMEDIATE");
            writer.Insert(batch);
            ContestantFile.Execute(connection, "COMMIT");
            return batch;
        });
    }

    /// <summary>The same statement, every row a transaction of its own.</summary>
    public static double RowByRow(string template, TimeSpan warmUp, TimeSpan duration)
    {
        using var file = new ContestantFile(template);
        using var connection = file.Open();
        using var writer = new RawWriter(connection);
        return Measure(warmUp, duration, () =>
        {
            writer.Insert(1);
            return 1;
        });
    }

    /// <summary>EF Core: AddRange and SaveChanges, a thousand at a time, a context each.</summary>
    public static double EfCore(string template, TimeSpan warmUp, TimeSpan duration)
    {
        using var file = new ContestantFile(template);
        using var connection = file.Open();
        var options = new DbContextOptionsBuilder<MetricContext>().UseSqlite(connection).Options;
        var row = 0L;
        return Measure(warmUp, duration, () =>
        {
            using var context = new MetricContext(options);
            context.AddRange(Enumerable.Range(0, EfCoreBatch).Select(_ => MetricEntity.Of(row++)));
            context.SaveChanges();
            return EfCoreBatch;
        });
    }

    private static double Measure(TimeSpan warmUp, TimeSpan duration, Func<int> write)
    {
        for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < warmUp;)
            write();
        var rows = 0L;
        var (from, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        while (Stopwatch.GetElapsedTime(from) < duration)
            rows += write();
        IngestReport.Tell($"  processor microseconds a row: {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / rows:0.0}");
        return rows / Stopwatch.GetElapsedTime(from).TotalSeconds;
    }
}
