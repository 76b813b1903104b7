using ThreatLens.Maintenance.Health;

namespace ThreatLens.Maintenance.Statistics.History;

/// <summary>What the report comes to right now, without its figures.</summary>
public sealed class HealthVerdicts(HealthReporter reporter)
{
    /// <summary>Makes a report, and keeps what a sample holds of it.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public HealthVerdict Judge(CancellationToken cancellationToken)
    {
        var report = reporter.Report([], cancellationToken);
        return new HealthVerdict(
            report.Overall.ToString(),
            report.Sections.ToDictionary(s => s.Kind.ToString(), s => s.Status.ToString(), StringComparer.Ordinal),
            [.. report.Sections.SelectMany(s => s.Findings).Select(f => f.Id).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }
}
