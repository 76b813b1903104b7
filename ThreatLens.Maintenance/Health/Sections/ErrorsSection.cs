using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Errors over time. Those of operations are on record; those of ingest and of calls are counted since the process began.</summary>
internal sealed class ErrorsSection(CallErrors calls, IngestStatistics ingest, IOptions<HealthOptions> options) : IHealthSectionSource
{
    private static readonly (string Name, int Minutes)[] Windows = [("errors_5_minutes", 5), ("errors_1_hour", 60), ("errors_24_hours", 24 * 60)];

    public HealthSectionKind Kind => HealthSectionKind.Errors;

    public HealthSection Look(HealthLook look)
    {
        var (service, defects) = (calls.OfService.Last(60), calls.Defects.Last(60));
        List<HealthFinding> findings = [];
        if (defects > 0)
            findings.Add(HealthRules.Defects.Warn($"{defects} calls of the last hour ended with a defect of the service."));
        if (service > options.Value.CallErrorsWarning)
            findings.Add(HealthRules.ErrorRate.Warn($"{service} calls of the last hour ended with an error of the service; {options.Value.CallErrorsWarning} are allowed."));
        return look.Section(
            Kind, $"{service} calls of the last hour ended with an error of the service, {calls.OfCallers.Last(60)} with one of the caller.",
            [
                .. Kept("calls, service", calls.OfService),
                .. Kept("calls, caller", calls.OfCallers),
                .. Kept("ingest, rejected entries", ingest.RejectedByMinute),
                .. Kept("ingest, groups not stored", ingest.FailuresByMinute),
                .. Windows.Select(w => HealthFigure.Count(w.Name, FailedOperations(look, w.Minutes), "errors", "operations")),
            ],
            findings,
            look.Session is null ? HealthStatus.Unknown : HealthStatus.Ok);
    }

    private IEnumerable<HealthFigure> Kept(string subject, MinuteCounter counter) =>
        Windows.Select(w => HealthFigure.Count(w.Name, counter.Last(w.Minutes), "errors", subject).Kept(ingest.Since));

    private static long FailedOperations(HealthLook look, int minutes) => look.HasTable("maintenance_operations")
        ? look.Session!.Query(
            "SELECT count(*) FROM maintenance_operations WHERE state = 'Failed' AND id >= $since", row => row.GetInt64(0), ("$since", OperationIds.From(look.Now.AddMinutes(-minutes))))[0]
        : 0;
}
