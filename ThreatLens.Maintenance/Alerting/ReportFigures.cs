using ThreatLens.Maintenance.Health;
using static ThreatLens.Maintenance.Alerting.AlertInstruments;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>What the report says. It says so of a database that cannot be read, too.</summary>
internal sealed class ReportFigures(HealthReporter reporter) : IAlertFigureSource
{
    private const string Section = "threatlens.health.section";
    private const string FindingId = "threatlens.health.finding";

    public IEnumerable<AlertFigure> Read(DateTimeOffset now)
    {
        var report = reporter.Report([], CancellationToken.None);
        yield return AlertFigure.Tagged(AlertInstruments.HealthStatus, (int)report.Overall, Section, "overall");
        foreach (var section in report.Sections)
            yield return AlertFigure.Tagged(AlertInstruments.HealthStatus, (int)section.Status, Section, Name(section.Kind));
        var findings = report.Sections.SelectMany(s => s.Findings).ToList();
        foreach (var finding in findings.GroupBy(f => f.Id, StringComparer.Ordinal))
            yield return AlertFigure.Tagged(HealthFindings, finding.Count(), FindingId, finding.Key);
        foreach (var figure in Silent(report).Concat(Schedules(report)))
            yield return figure;
    }

    /// <summary>None while nobody knows: that nothing was found says nothing then.</summary>
    private static IEnumerable<AlertFigure> Silent(HealthReport report) => report.Sections
        .Where(s => s is { Kind: HealthSectionKind.LogSources, Status: not Health.HealthStatus.Unknown } && !s.Findings.Any(f => f.Id == HealthRules.Unavailable.Id))
        .Select(s => new AlertFigure(
            LogSourcesSilent, s.Findings.Where(f => f.Id == HealthRules.SourceUnwatched.Id || f.Id == HealthRules.SourceSilent.Id).Select(f => f.Subject).Distinct(StringComparer.Ordinal).Count()));

    private static IEnumerable<AlertFigure> Schedules(HealthReport report)
    {
        foreach (var figure in report.Sections.Where(s => s.Kind == HealthSectionKind.Operations).SelectMany(s => s.Figures))
        {
            if (figure is { Name: "schedules_missed" or "schedules_failed", Value: double count })
                yield return new(figure.Name == "schedules_missed" ? SchedulesMissed : SchedulesFailed, count);
        }
    }

    private static string Name(HealthSectionKind kind) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
