using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Health;

/// <summary>Makes health reports. What a section cannot find out is unknown, and says why; it takes no other section with it. Thread-safe.</summary>
public sealed class HealthReporter(IEnumerable<IHealthSectionSource> sources, TimeProvider time)
{
    private readonly IHealthSectionSource[] _sources = [.. sources.OrderBy(s => s.Kind)];

    /// <summary>Makes a report now.</summary>
    /// <param name="sections">Only these; empty: all.</param>
    /// <param name="cancellationToken">Gives up between sections.</param>
    public HealthReport Report(IReadOnlyCollection<HealthSectionKind> sections, CancellationToken cancellationToken)
    {
        var made = new List<HealthSection>(_sources.Length);
        foreach (var source in _sources.Where(s => sections.Count == 0 || sections.Contains(s.Kind)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            made.Add(Look(source));
        }

        return new HealthReport(time.GetUtcNow(), made);
    }

    private static HealthSection Look(IHealthSectionSource source)
    {
        try
        {
            return source.Look();
        }
        catch (MaintenanceException e) when (e.Reason == ErrorReasons.SchemaNotReady)
        {
            return new HealthSection(source.Kind, HealthStatus.Unknown, e.Message);
        }
        catch (MaintenanceException e)
        {
            return new HealthSection(source.Kind, HealthStatus.Critical, e.Message)
            {
                Findings = [new HealthFinding("database.unavailable", HealthStatus.Critical, e.Message, $"See {e.Reason} in docs/operations.md.")],
            };
        }
    }
}

/// <summary>Looks after one section of the report.</summary>
public interface IHealthSectionSource
{
    /// <summary>Which one.</summary>
    HealthSectionKind Kind { get; }

    /// <summary>Looks, quickly.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    HealthSection Look();
}
