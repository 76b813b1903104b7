using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Errors over time. Those of operations are on record; those of ingest and of calls are counted since the process began.</summary>
internal sealed class ErrorsSection(CallErrors calls, IngestStatistics ingest, IOptions<HealthOptions> options) : IHealthSectionSource
{
    private static readonly (string Name, int Minutes)[] Windows = [("5_minutes", 5), ("1_hour", 60), ("24_hours", 24 * 60)];

    public HealthSectionKind Kind => HealthSectionKind.Errors;

    public bool ReadsDatabase => false;

    public HealthSection Look(HealthLook look)
    {
        var (service, defects) = (calls.OfService.Last(60), calls.Defects.Last(60));
        List<HealthFinding> findings = look.Unreadable is { } unreadable ? [HealthLook.Unavailable(unreadable)] : [];
        if (defects > 0)
            findings.Add(HealthRules.Defects.Warn($"{defects} calls of the last hour ended with a defect of the service."));
        if (service > options.Value.CallErrorsWarning)
            findings.Add(HealthRules.ErrorRate.Warn($"{service} calls of the last hour ended with an error of the service; {options.Value.CallErrorsWarning} are allowed."));
        return look.Section(
            Kind, $"{service} calls of the last hour ended with an error of the service, {calls.OfCallers.Last(60)} with one of the caller.",
            [
                .. Kept("calls, service", calls.OfService, look.Now),
                .. Kept("calls, caller", calls.OfCallers, look.Now),
                .. Kept("ingest, rejected entries", ingest.RejectedByMinute, look.Now),
                .. Kept("ingest, groups not stored", ingest.FailuresByMinute, look.Now),
                .. Figures("operations", minutes => Ended(look, minutes), window => window),
            ],
            findings,
            look.Session is null ? HealthStatus.Unknown : HealthStatus.Ok);
    }

    private IEnumerable<HealthFigure> Kept(string subject, MinuteCounter counter, DateTimeOffset now) =>
        Figures(subject, minutes => counter.Last(minutes), window => now - ingest.Since is var counted && counted < window ? counted : window).Select(f => f.Kept(ingest.Since));

    /// <summary>How many, and how many an hour: of the window, or of as much of it as was counted.</summary>
    private static IEnumerable<HealthFigure> Figures(string subject, Func<int, long?> count, Func<TimeSpan, TimeSpan> counted)
    {
        foreach (var (name, minutes) in Windows)
        {
            var errors = count(minutes);
            yield return HealthFigure.Count($"errors_{name}", errors, "errors", subject);
            var hours = counted(TimeSpan.FromMinutes(minutes)).TotalHours;
            yield return new HealthFigure($"rate_{name}", hours > 0 ? errors / hours : null, "errors/h", subject);
        }
    }

    /// <summary>Operations of the window that failed, or that the end of their process interrupted. Whoever cancelled one wanted that.</summary>
    private static long? Ended(HealthLook look, int minutes) => look.Unreadable is not null ? null : look.HasTable("maintenance_operations")
        ? look.Session!.Query(
            "SELECT count(*) FROM maintenance_operations WHERE state IN ('Failed', 'Interrupted') AND id >= $since", row => row.GetInt64(0), ("$since", OperationIds.From(look.Now.AddMinutes(-minutes))))[0]
        : 0;
}
