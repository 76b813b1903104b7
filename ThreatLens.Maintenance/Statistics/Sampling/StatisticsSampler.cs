using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Statistics.Notifications;
using ThreatLens.Maintenance.Statistics.Processing;

namespace ThreatLens.Maintenance.Statistics.Sampling;

/// <summary>
/// Counts in the background what would cost too much when somebody asks, and puts it into <see cref="StatisticsSamples"/>. What a round
/// costs is bounded by the pause behind it. A sample that cannot be taken anew stays, with its age.
/// </summary>
public sealed class StatisticsSampler(
    SqliteDatabase database, ProcessingReader processing, NotificationReader notifications, DatabaseSizeReader sizes, StatisticsSamples samples, IOptions<StatisticsOptions> options, TimeProvider time,
    ILogger<StatisticsSampler> logger) : BackgroundService
{
    private static readonly TimeSpan FirstTry = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, string> _failures = [];

    /// <summary>Takes every sample once.</summary>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <returns>Whether there is a database to take samples of.</returns>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public bool Sample(CancellationToken cancellationToken)
    {
        if (!database.FileExists)
            return false;
        samples.Processing = Take("events", samples.Processing, () => SampleProcessing(cancellationToken));
        samples.Notifications = Take("notification_history", samples.Notifications, () => SampleNotifications(cancellationToken));
        samples.Size = Take("sizes", samples.Size, () => SampleSize(cancellationToken));
        return true;
    }

    /// <summary>How long to pause behind a round, so that all rounds together stay within the load allowed.</summary>
    /// <param name="cost">How long the round took.</param>
    /// <param name="least">Least pause.</param>
    /// <param name="maxLoad">Share of one processor that rounds may take.</param>
    internal static TimeSpan PauseAfter(TimeSpan cost, TimeSpan least, double maxLoad)
    {
        var pause = cost * ((1 / maxLoad) - 1);
        return pause > least ? pause : least;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var begun = time.GetTimestamp();
                // On a thread of its own: SQLite is synchronous, and a large database takes seconds.
                var sampled = await Task.Factory.StartNew(() => Sample(stoppingToken), stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
                var least = sampled && samples.Processing is not null ? options.Value.SampleInterval : FirstTry;
                await Task.Delay(PauseAfter(time.GetElapsedTime(begun), least, options.Value.MaxLoad), time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private ProcessingSample SampleProcessing(CancellationToken cancellationToken)
    {
        var (begun, now) = (time.GetTimestamp(), time.GetUtcNow());
        var totals = processing.ReadTotals(cancellationToken);
        var window = processing.Read(now - options.Value.Window, now, cancellationToken);
        return new ProcessingSample(
            totals with { Origin = totals.Origin.AsSample() }, window with { Origin = window.Origin.AsSample() }, time.GetElapsedTime(begun));
    }

    private NotificationSample SampleNotifications(CancellationToken cancellationToken)
    {
        var (begun, now) = (time.GetTimestamp(), time.GetUtcNow());
        var all = notifications.ReadAll(cancellationToken);
        var window = notifications.Read(now - options.Value.Window, now, cancellationToken);
        return new NotificationSample(
            all with { Origin = all.Origin.AsSample() }, window with { Origin = window.Origin.AsSample() }, time.GetElapsedTime(begun));
    }

    private SizeSample SampleSize(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var size = sizes.Read(cancellationToken);
        return new SizeSample(size, time.GetElapsedTime(begun));
    }

    /// <returns>The new sample; the old one where it could not be taken; none where its table is gone.</returns>
    private T? Take<T>(string what, T? last, Func<T> take)
        where T : class
    {
        try
        {
            var sample = take();
            _failures.Remove(what);
            return sample;
        }
        catch (MaintenanceException e)
        {
            // Said once while the reason stays the same.
            if (e.Reason != ErrorReasons.SchemaNotReady && _failures.GetValueOrDefault(what) != e.Reason)
                Log.NotSampled(logger, e, what, e.Reason);
            _failures[what] = e.Reason;
            return e.Reason == ErrorReasons.SchemaNotReady ? null : last;
        }
    }
}
