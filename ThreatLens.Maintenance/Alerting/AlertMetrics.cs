using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>
/// Reads the figures worth an alert every few seconds, so that the exporter never waits for the database. What cannot be read is not sent: an alert
/// on absence tells of that.
/// </summary>
internal sealed class AlertMetrics(IEnumerable<IAlertFigureSource> sources, IOptions<StatisticsOptions> options, TimeProvider time, ILogger<AlertMetrics> logger) : BackgroundService
{
    private readonly IAlertFigureSource[] _sources = [.. sources];
    private readonly HashSet<string> _failing = [];
    private volatile IReadOnlyList<AlertFigure> _figures = [];

    /// <summary>The newest figures.</summary>
    public IReadOnlyList<AlertFigure> Figures => _figures;

    /// <summary>Reads them all now. A locked database is waited for once, not by each source.</summary>
    public void Refresh()
    {
        using var untraced = UntracedScope.Begin();
        var isLocked = false;
        var figures = new List<AlertFigure>();
        foreach (var source in _sources.TakeWhile(_ => !isLocked))
            figures.AddRange(Read(source, ref isLocked));
        _figures = figures;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            AlertInstruments.Create(() => _figures);
            while (true)
            {
                // On a thread of its own: SQLite is synchronous, and somebody may hold the database.
                await Task.Factory.StartNew(Refresh, stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
                await Task.Delay(options.Value.AlertInterval, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private List<AlertFigure> Read(IAlertFigureSource source, ref bool isLocked)
    {
        var name = source.GetType().Name;
        try
        {
            List<AlertFigure> figures = [.. source.Read(time.GetUtcNow())];
            _failing.Remove(name);
            return figures;
        }
        catch (Exception e) when (e is MaintenanceException or IOException or UnauthorizedAccessException)
        {
            isLocked = e is MaintenanceException { Reason: ErrorReasons.DatabaseLocked };
            // Said once, until it can be read again; a database that is not there or not migrated yet is no failure.
            if (_failing.Add(name) && e is not MaintenanceException { Reason: ErrorReasons.DatabaseMissing or ErrorReasons.DatabaseDirectoryMissing or ErrorReasons.SchemaNotReady })
                Log.NotRead(logger, e, name);
            return [];
        }
    }
}
