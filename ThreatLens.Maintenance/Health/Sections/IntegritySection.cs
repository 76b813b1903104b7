namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>What the last integrity check found.</summary>
internal sealed class IntegritySection(IntegrityMonitor monitor, TimeProvider time) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Integrity;

    public HealthSection Look()
    {
        if (monitor.Last is not { } check)
            return new HealthSection(Kind, HealthStatus.Unknown, "No integrity check has finished yet.");
        var age = time.GetUtcNow() - check.FinishedAt;
        var intact = check.Problems.Count == 0;
        return new HealthSection(Kind, intact ? HealthStatus.Ok : HealthStatus.Critical, intact ? "quick_check found nothing." : $"quick_check found {check.Problems.Count} problems.")
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
