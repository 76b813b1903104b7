using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Operations;
using static ThreatLens.Maintenance.Alerting.AlertInstruments;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>What the report and the operations say.</summary>
internal sealed class ActivityFigures(HealthReporter reporter, OperationRunner operations) : IAlertFigureSource
{
    private const string Section = "threatlens.health.section";
    private const string FindingId = "threatlens.health.finding";
    private const int Newest = 200;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public IEnumerable<AlertFigure> Read(DateTimeOffset now)
    {
        var report = reporter.Report([], CancellationToken.None);
        yield return AlertFigure.Tagged(AlertInstruments.HealthStatus, (int)report.Overall, Section, "overall");
        foreach (var section in report.Sections)
            yield return AlertFigure.Tagged(AlertInstruments.HealthStatus, (int)section.Status, Section, Name(section.Kind));
        var findings = report.Sections.SelectMany(s => s.Findings).ToList();
        foreach (var finding in findings.GroupBy(f => f.Id, StringComparer.Ordinal))
            yield return AlertFigure.Tagged(HealthFindings, finding.Count(), FindingId, finding.Key);
        yield return new(LogSourcesSilent, findings.Where(f => f.Id is "log_sources.unwatched" or "log_sources.silent").Select(f => f.Subject).Distinct(StringComparer.Ordinal).Count());
        foreach (var figure in Operations(now).Concat(Schedules(report)))
            yield return figure;
    }

    private List<AlertFigure> Operations(DateTimeOffset now) =>
    [
        new(OperationsRunning, operations.Running.Count(o => !o.HasEnded)),
        new(OperationsFailed, operations.List(Newest, null, null, null).Count(o => o.State is OperationState.Failed or OperationState.Interrupted && now - o.EndedAt <= Day)),
    ];

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
