using ThreatLens.Maintenance.Statistics.History;

namespace ThreatLens.Maintenance.Health;

/// <summary>
/// Since when each finding has been there: since the first of the reports that all had it, or, for a process that began later, since the first of the
/// stored samples that all had a finding of that rule. Thread-safe.
/// </summary>
internal sealed class FindingAges(HealthHistory history)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(HealthSectionKind Section, string Id, string Subject), DateTimeOffset> _since = [];

    /// <summary>The same section, its findings with their beginnings.</summary>
    public HealthSection Tell(HealthSection section, DateTimeOffset now)
    {
        lock (_lock)
        {
            var present = section.Findings.Select(f => (section.Kind, f.Id, f.Subject)).ToHashSet();
            foreach (var gone in _since.Keys.Where(k => k.Section == section.Kind && !present.Contains(k)).ToList())
                _since.Remove(gone);
            return section.Findings.Count == 0 ? section : section with { Findings = [.. section.Findings.Select(f => f with { Since = Begun(section.Kind, f, now) })] };
        }
    }

    private DateTimeOffset Begun(HealthSectionKind kind, HealthFinding finding, DateTimeOffset now)
    {
        var key = (kind, finding.Id, finding.Subject);
        if (!_since.TryGetValue(key, out var since))
            _since[key] = since = history.SinceWhen(s => s.Verdict.Findings.Contains(finding.Id)) is { } known && known.At < now ? known.At : now;
        return since;
    }
}
