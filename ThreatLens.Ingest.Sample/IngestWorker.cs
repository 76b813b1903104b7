using Microsoft.Extensions.Options;
using ThreatLens.Ingest.Sample.Watching;
using ThreatLens.Maintenance.Client.Ingestion;

namespace ThreatLens.Ingest.Sample;

/// <summary>Sends what the watch measures until the host stops, and then for as long as <see cref="IngestOptions.StopTimeout"/> allows.</summary>
/// <param name="sender">The stream.</param>
/// <param name="watch">The measurements.</param>
/// <param name="feed">Configuration from the service.</param>
/// <param name="options">Settings.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
internal sealed class IngestWorker(
    MetricBatchSender sender, LogWatch watch, ConfigurationFeed feed, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestWorker> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        sender.ConfigurationReceived += feed.Publish;
        using var giveUp = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var stopping = stoppingToken.Register(() => giveUp.CancelAfter(TimeToFinish()));
        try
        {
            await sender.RunAsync(welcome => watch.WatchAsync(welcome, stoppingToken), giveUp.Token);
            logger.StoppedInOrder();
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            logger.StoppedEarly();
        }
    }

    /// <summary>Without a connection there is nobody to say goodbye to.</summary>
    private TimeSpan TimeToFinish() =>
        sender.State.Connection == MetricSenderConnection.Connected ? options.Value.StopTimeout : TimeSpan.Zero;
}
