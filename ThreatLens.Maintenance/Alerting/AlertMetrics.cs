using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
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

    /// <summary>Reads them all now.</summary>
    public void Refresh() => _figures = [.. _sources.SelectMany(Read)];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Yield();
            Refresh();
            AlertInstruments.Create(() => _figures);
            while (true)
            {
                await Task.Delay(options.Value.AlertInterval, time, stoppingToken).ConfigureAwait(false);
                Refresh();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process: what is read now is what the last export tells.
            Refresh();
        }
    }

    private List<AlertFigure> Read(IAlertFigureSource source)
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
            // Said once, until it can be read again; a database that is not there or not migrated yet is no failure.
            if (_failing.Add(name) && e is not MaintenanceException { Reason: ErrorReasons.DatabaseMissing or ErrorReasons.DatabaseDirectoryMissing or ErrorReasons.SchemaNotReady })
                Log.NotRead(logger, e, name);
            return [];
        }
    }
}
