using System.Diagnostics;
using System.Globalization;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Benchmarks.Retention;

/// <summary>A producer that sends at a steady rate, whatever becomes of it, and measures from when a batch was due to its commit.</summary>
internal sealed class PacedWriter(IngestWriter writer, int rate, int batchRows)
{
    private readonly List<(long Due, double Milliseconds)> _latencies = [];
    private int _refused;

    public int Refused => _refused;

    /// <summary>Times of what was due between two moments, in order, milliseconds. After the writer's end.</summary>
    public List<double> Between(long begun, long ended)
    {
        lock (_latencies)
            return [.. _latencies.Where(l => l.Due >= begun && l.Due < ended).Select(l => l.Milliseconds).Order()];
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var (session, state) = await writer.OpenAsync("benchmark", "benchmark", cancellationToken);
        var sequence = state.LastSequence;
        var between = (long)(Stopwatch.Frequency * (double)batchRows / rate);
        var pending = new Queue<Task>();
        // A bound as the service's window sets one.
        for (var due = Stopwatch.GetTimestamp(); !cancellationToken.IsCancellationRequested; due += between)
        {
            if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } early)
                await Task.Delay(early, CancellationToken.None);
            var batch = BatchValidator.Validate(Batch(++sequence), TimeProvider.System.GetUtcNow());
            pending.Enqueue(MeasureAsync(await writer.WriteAsync(session, batch, CancellationToken.None), due));
            while (pending.Count > 0 && (pending.Count > 32 || pending.Peek().IsCompleted))
                await pending.Dequeue();
        }

        await Task.WhenAll(pending);
    }

    private async Task MeasureAsync(Task<BatchOutcome> commit, long due)
    {
        try
        {
            await commit;
        }
        catch (MaintenanceException)
        {
            Interlocked.Increment(ref _refused);
        }

        lock (_latencies)
            _latencies.Add((due, Stopwatch.GetElapsedTime(due).TotalMilliseconds));
    }

    private MetricBatch Batch(long sequence)
    {
        var samples = new MetricSample[batchRows];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = new MetricSample(string.Create(CultureInfo.InvariantCulture, $"source-{i % 20}"), string.Create(CultureInfo.InvariantCulture, $"type-{i % 5}"), "{\"value\": 7}", null, "");
        return new MetricBatch(sequence, samples, [], 16_000);
    }
}
