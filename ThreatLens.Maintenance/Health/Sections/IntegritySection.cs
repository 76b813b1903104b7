using Microsoft.Extensions.Options;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>What the last integrity check found.</summary>
internal sealed class IntegritySection(IntegrityMonitor monitor, IOptions<HealthOptions> options, TimeProvider time) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Integrity;

    public bool ReadsDatabase => false;

    public HealthSection Look()
    {
        if (monitor.Last is not { } check)
            return new HealthSection(Kind, HealthStatus.Unknown, "No integrity check has finished yet.");
        var age = time.GetUtcNow() - check.FinishedAt;
        var intact = check.Problems.Count == 0;
        // What was found long ago says nothing of now: later checks did not come to an end.
        var outdated = age > 2 * options.Value.IntegrityCheckInterval;
        var status = !intact ? HealthStatus.Critical : outdated ? HealthStatus.Unknown : HealthStatus.Ok;
        return new HealthSection(Kind, status, !intact ? $"quick_check found {check.Problems.Count} problems." : outdated ? "The last check that ended is too old to count." : "quick_check found nothing.")
        {
            Figures =
            [
                new("age", age) { SampledAt = check.FinishedAt },
                new("check_duration", check.Duration) { Method = FigureMethod.Sampled, SampledAt = check.FinishedAt },
                new("problems", (double)check.Problems.Count, "problems") { Method = FigureMethod.Sampled, SampledAt = check.FinishedAt },
            ],
            Findings = intact ? [] : [new("integrity.damaged", HealthStatus.Critical, string.Join("; ", check.Problems), "Stop writing to the database and restore the newest backup.")],
            SampledAt = check.FinishedAt,
        };
    }
}
