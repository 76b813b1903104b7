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
        // Each look at a locked database waits out the busy timeout: one is enough.
        MaintenanceException? locked = null;
        foreach (var source in _sources.Where(s => sections.Count == 0 || sections.Contains(s.Kind)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            made.Add(locked is null || !source.ReadsDatabase ? Look(source, ref locked) : Unavailable(source, locked));
        }

        return new HealthReport(time.GetUtcNow(), made);
    }

    private static HealthSection Look(IHealthSectionSource source, ref MaintenanceException? locked)
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
            if (e.Reason == ErrorReasons.DatabaseLocked)
                locked = e;
            return Unavailable(source, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file that went away between two looks, a disk that does not tell its size.
            return new HealthSection(source.Kind, HealthStatus.Unknown, e.Message);
        }
    }

    private static HealthSection Unavailable(IHealthSectionSource source, MaintenanceException e) => new(source.Kind, HealthStatus.Critical, e.Message)
    {
        Findings = [new HealthFinding("database.unavailable", HealthStatus.Critical, e.Message, $"See {e.Reason} in docs/operations.md.")],
    };
}

/// <summary>Looks after one section of the report.</summary>
public interface IHealthSectionSource
{
    /// <summary>Which one.</summary>
    HealthSectionKind Kind { get; }

    /// <summary>Whether looking means reading the database.</summary>
    bool ReadsDatabase => true;

    /// <summary>Looks, quickly.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    HealthSection Look();
}
