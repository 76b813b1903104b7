using Microsoft.Extensions.Options;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>What the last integrity check found.</summary>
internal sealed class IntegritySection(IntegrityMonitor monitor, IOptions<HealthOptions> options) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Integrity;

    public bool ReadsDatabase => false;

    public HealthSection Look(HealthLook look)
    {
        if (monitor.Last is not { } check)
            return HealthLook.Unknown(Kind, "No integrity check has finished yet.");
        var age = look.Now - check.FinishedAt;
        var intact = check.Problems.Count == 0;
        // What was found long ago says nothing of now: later checks did not come to an end.
        var outdated = age > 2 * options.Value.IntegrityCheckInterval;
        return look.Section(
            Kind,
            !intact ? $"quick_check found {check.Problems.Count} problems." : outdated ? "The last check that ended is too old to count." : "quick_check found nothing.",
            [
                new HealthFigure("age", age).At(check.FinishedAt) with { Method = FigureMethod.Exact },
                new HealthFigure("check_duration", check.Duration).At(check.FinishedAt),
                HealthFigure.Count("problems", check.Problems.Count, "problems").At(check.FinishedAt),
            ],
            intact ? [] : [HealthRules.Damaged.Fail(string.Join("; ", check.Problems))],
            outdated ? HealthStatus.Unknown : HealthStatus.Ok) with { SampledAt = check.FinishedAt };
    }
}
