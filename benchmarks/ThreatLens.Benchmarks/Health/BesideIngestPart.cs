using System.Diagnostics;
using System.Globalization;
using ThreatLens.Benchmarks.Ingest;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Testing;

namespace ThreatLens.Benchmarks.Health;

/// <summary>Reports beside a writer that has always more to do: what becomes of both. On a copy of the small database; a report's cost does not depend on the rows.</summary>
internal static class BesideIngestPart
{
    private const int BatchRows = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(HealthDatabase small, int rounds, double seconds, IngestReport report)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("threatlens.db");
        File.Copy(small.Path, path);
        using var host = new HealthHost(path);
        host.Writer.Start();
        host.TakeSamples();
        var (session, state) = await host.Writer.OpenAsync("benchmark", "benchmark", CancellationToken.None);
        var sequence = state.LastSequence;
        var (times, kept) = (new List<double>(), new List<double>());
        sequence = (await IngestAsync(host.Writer, session, sequence, seconds)).Sequence;
        var alone = await IngestAsync(host.Writer, session, sequence, seconds);
        for (var round = 0; round < rounds; round++)
        {
            using var stop = new CancellationTokenSource();
            var reporting = ReportAsync(host, times, stop.Token);
            var beside = await IngestAsync(host.Writer, session, alone.Sequence, seconds);
            await stop.CancelAsync();
            await reporting;
            // Between two: each is a little slower than the one before, because the table has grown.
            var after = await IngestAsync(host.Writer, session, beside.Sequence, seconds);
            kept.Add(2 * beside.RowsPerSecond / (alone.RowsPerSecond + after.RowsPerSecond));
            IngestReport.Tell($"ingest alone {alone.RowsPerSecond:0} rows/s, beside {1 / Pause.TotalSeconds:0} reports a second {beside.RowsPerSecond:0}, alone again {after.RowsPerSecond:0}");
            alone = after;
        }

        await host.Writer.StopAsync(CancellationToken.None);
        IngestReport.Tell($"{times.Count} reports beside ingest: p50 {HealthHost.At(times, 0.5):0.00}, p99 {HealthHost.At(times, 0.99):0.00}, max {HealthHost.At(times, 1):0.00} ms");
        report.Below("full report beside saturated ingest, p99, ms", HealthHost.At(times, 0.99), 25);
        report.AtLeast("ingest beside reports / alone", HealthHost.At(kept, 0.5), 0.97);
    }

    private static async Task ReportAsync(HealthHost host, List<double> times, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            times.Add(await Task.Run(host.Report, CancellationToken.None));
            await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<(double RowsPerSecond, long Sequence)> IngestAsync(IngestWriter writer, ProducerSession session, long sequence, double seconds)
    {
        var begun = Stopwatch.GetTimestamp();
        var underWay = new Queue<Task<BatchOutcome>>();
        var rows = 0L;
        while (Stopwatch.GetElapsedTime(begun).TotalSeconds < seconds || underWay.Count > 0)
        {
            while (underWay.Count < 32 && Stopwatch.GetElapsedTime(begun).TotalSeconds < seconds)
                underWay.Enqueue(await writer.WriteAsync(session, BatchValidator.Validate(Batch(++sequence), TimeProvider.System.GetUtcNow()), CancellationToken.None));
            rows += (await underWay.Dequeue()).Accepted;
        }

        return (rows / Stopwatch.GetElapsedTime(begun).TotalSeconds, sequence);
    }

    private static MetricBatch Batch(long sequence)
    {
        var samples = new MetricSample[BatchRows];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = new MetricSample(string.Create(CultureInfo.InvariantCulture, $"source-{i % 20}"), string.Create(CultureInfo.InvariantCulture, $"type-{i % 5}"), "{\"value\": 7}", null, "");
        return new MetricBatch(sequence, samples, [], 40_000);
    }
}
