using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>Log sources by status.</summary>
internal sealed class LogSourceFigures(LogSourceStore sources) : IAlertFigureSource
{
    private const string Status = "threatlens.log_source.status";

    public IEnumerable<AlertFigure> Read(DateTimeOffset now) => sources.CountByStatus().Select(c => AlertFigure.Tagged(AlertInstruments.LogSources, c.Value, Status, c.Key));
}
