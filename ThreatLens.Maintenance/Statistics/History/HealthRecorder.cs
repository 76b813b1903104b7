using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Statistics.History;

/// <summary>
/// Stores a health sample now and then, and keeps <see cref="HealthHistory"/>. What it cannot store it remembers as long as the process lives.
/// </summary>
public sealed class HealthRecorder(
    SqliteDatabase database, Func<CancellationToken, HealthVerdict> judge, StatisticsSamples samples, HealthSampleStore store, HealthHistory history, StartupState startup, IOptions<HistoryOptions> options, TimeProvider time,
    ILogger<HealthRecorder> logger) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private string? _lastReason;

    /// <summary>Loads the history when that is not done yet, then takes a sample, stores it, and adds it to the history.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The sample; null: there is no database, or it cannot be read.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public HealthSample? Record(CancellationToken cancellationToken)
    {
        if (!database.FileExists)
            return null;
        try
        {
            if (!history.IsLoaded)
                history.Load(store.List(cancellationToken));
            var sample = Take(cancellationToken);
            history.Add(sample);
            // A reader of the last one only: nobody waits for it, and an exclusive writer does not wait for this one.
            store.Add(sample, options.Value.MaxSamples, cancellationToken);
            _lastReason = null;
            return sample;
        }
        catch (MaintenanceException e)
        {
            if (e.Reason != _lastReason)
                Log.NotRecorded(logger, e, e.Reason);
            _lastReason = e.Reason;
            return null;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // A database whose start-up is not over is neither here nor there.
            while (!startup.IsFinished)
                await Task.Delay(Poll, time, stoppingToken).ConfigureAwait(false);
            while (true)
            {
                await Task.Factory.StartNew(() => Record(stoppingToken), stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
                await Task.Delay(options.Value.Interval, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private HealthSample Take(CancellationToken cancellationToken)
    {
        var pages = SqliteSession.Read(database, "reading sizes", session => (
            Size: session.Query("PRAGMA page_size", row => row.GetInt64(0))[0],
            All: session.Query("PRAGMA page_count", row => row.GetInt64(0))[0],
            Free: session.Query("PRAGMA freelist_count", row => row.GetInt64(0))[0]), cancellationToken);
        var objects = samples.Size?.Size.Objects ?? [];
        ObjectSize? Table(string name) => objects.FirstOrDefault(o => o.Type == "table" && o.Name == name);
        var tables = new[] { Table("processing_metrics"), Table("events"), Table("notification_history") };
        return new HealthSample
        {
            At = time.GetUtcNow(),
            DatabaseBytes = pages.All * pages.Size,
            FreeBytes = pages.Free * pages.Size,
            WalBytes = database.LogBytes,
            DiskFreeBytes = DiskFree(),
            MetricRows = tables[0]?.Rows,
            EventRows = tables[1]?.Rows,
            NotificationRows = tables[2]?.Rows,
            RowsError = tables.Max(t => t?.RowsError) ?? 0,
            Verdict = judge(cancellationToken),
        };
    }

    private long? DiskFree()
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(database.Path)!).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
