using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>Log sources by status.</summary>
internal sealed class LogSourceFigures(LogSourceStore sources) : IAlertFigureSource
{
    private const string Status = "threatlens.log_source.status";
    private const int MaxListed = 1_000;

    public IEnumerable<AlertFigure> Read(DateTimeOffset now) => sources.List(MaxListed, null, null)
        .GroupBy(s => s.IsEnabled ? s.Status : "disabled", StringComparer.Ordinal)
        .Select(g => AlertFigure.Tagged(AlertInstruments.LogSources, g.Count(), Status, g.Key));
}
