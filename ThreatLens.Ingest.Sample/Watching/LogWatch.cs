using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Ingest.Sample.Watching;

/// <summary>
/// Makes the batches: measures all sources at every interval, follows configuration as it changes, and says goodbye when the process
/// stops. It measures only when it is asked for a batch: while nothing is acknowledged nothing is read, and the files keep it.
/// </summary>
/// <param name="options">What to watch while the service says nothing else.</param>
/// <param name="feed">Configuration from the service.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
internal sealed class LogWatch(IOptions<IngestOptions> options, ConfigurationFeed feed, TimeProvider time, ILogger<LogWatch> logger)
{
    /// <summary>The batches that follow a welcome; ends after <paramref name="stopping"/> with a last measurement.</summary>
    /// <param name="welcome">Where to go on.</param>
    /// <param name="stopping">The process is to stop in order.</param>
    /// <param name="cancellationToken">Nobody takes the batches any more.</param>
    public async IAsyncEnumerable<MetricBatch> WatchAsync(
        Welcome welcome, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var sources = new WatchedSources(options.Value, welcome.Positions, time, logger);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        Task? changed = null;
        var interval = options.Value.Interval;
        while (true)
        {
            var started = time.GetTimestamp();
            // Asked before measuring: what was written before the stop is part of the last measurement.
            var isLast = stopping.IsCancellationRequested;
            List<SourceSlice> slices = [];
            if (changed is null or { IsCompleted: true })
            {
                (var configuration, changed) = feed.Latest;
                slices.AddRange(sources.Apply(configuration));
                interval = IntervalOf(configuration);
                LogChange(configuration, sources, interval);
            }
            slices.AddRange(Measure(sources));
            foreach (var batch in SliceBatches.Pack(slices, MostSamples(welcome)))
                yield return batch;

            if (isLast)
            {
                foreach (var batch in SliceBatches.Pack(sources.Stop(), MostSamples(welcome)))
                    yield return batch;
                yield break;
            }
            if (!sources.HasMore && !stopping.IsCancellationRequested)
                await WaitAsync(interval - time.GetElapsedTime(started), changed, either.Token);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static List<SourceSlice> Measure(WatchedSources sources)
    {
        using var activity = sources.WatchedCount > 0 ? IngestTelemetry.Source.StartActivity("measure sources") : null;
        List<SourceSlice> slices = [.. sources.Measure()];
        activity?.SetTag("threatlens.sources", slices.Count);
        activity?.SetTag("threatlens.samples", slices.Sum(slice => slice.Samples.Count));
        return slices;
    }

    private async Task WaitAsync(TimeSpan wait, Task changed, CancellationToken cancellationToken)
    {
        if (wait <= TimeSpan.Zero)
            return;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Task.Delay(wait, time, done.Token), changed);
        await done.CancelAsync();
    }

    private TimeSpan IntervalOf(IngestConfiguration configuration) =>
        configuration.Monitoring?.Interval?.ToTimeSpan() is { } interval && interval > TimeSpan.Zero ? interval : options.Value.Interval;

    private static int MostSamples(Welcome welcome) => welcome.MaxBatchSamples > 0 ? welcome.MaxBatchSamples : int.MaxValue;

    private void LogChange(IngestConfiguration configuration, WatchedSources sources, TimeSpan interval)
    {
        if (configuration.Monitoring is { HasEnabled: true, Enabled: false })
            logger.SwitchedOff();
        else
            logger.Watching(sources.WatchedCount, interval);
    }
}
