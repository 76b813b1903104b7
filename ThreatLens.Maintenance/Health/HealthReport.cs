namespace ThreatLens.Maintenance.Health;

/// <summary>How well something is. Nothing that was not looked at counts as <see cref="Ok"/>.</summary>
public enum HealthStatus
{
    /// <summary>Looked at, and fine.</summary>
    Ok,

    /// <summary>Not looked at, or not to be found out.</summary>
    Unknown,

    /// <summary>Needs attention.</summary>
    Warning,

    /// <summary>Does not do its work.</summary>
    Critical,
}

/// <summary>The parts of a report, in their order.</summary>
public enum HealthSectionKind
{
    /// <summary>Version, pending migrations, drift.</summary>
    Schema,

    /// <summary>Last integrity check and its age.</summary>
    Integrity,

    /// <summary>Sizes, growth, forecast, free space.</summary>
    Storage,

    /// <summary>Rows per table.</summary>
    Tables,

    /// <summary>Rate, latency, rejections, queue.</summary>
    Ingest,

    /// <summary>State of each log source.</summary>
    LogSources,

    /// <summary>Events and their real-time processing.</summary>
    Processing,

    /// <summary>Notifications sent, failed and pending.</summary>
    Notifications,

    /// <summary>Errors over time: of ingest, operations and calls.</summary>
    Errors,

    /// <summary>Slow statements, query plans, index advice.</summary>
    Performance,

    /// <summary>Backups and restore drills.</summary>
    Backups,

    /// <summary>Running and failed operations.</summary>
    Operations,

    /// <summary>Whether cleanups keep up with the policies.</summary>
    Retention,
}

/// <summary>A report on the whole database and its service.</summary>
/// <param name="MadeAt">When, UTC.</param>
/// <param name="Sections">In the order of their kinds.</param>
public sealed record HealthReport(DateTimeOffset MadeAt, IReadOnlyList<HealthSection> Sections)
{
    /// <summary>The worst of the sections; unknown counts between fine and warning, and nothing at all is unknown.</summary>
    public HealthStatus Overall => Sections.Count == 0 ? HealthStatus.Unknown : Sections.Max(s => s.Status);

    /// <summary>The same report with these sections only.</summary>
    /// <param name="sections">Which; empty: all.</param>
    public HealthReport Only(IReadOnlyCollection<HealthSectionKind> sections) =>
        sections.Count == 0 ? this : this with { Sections = [.. Sections.Where(s => sections.Contains(s.Kind))] };

    /// <summary>Whether another report has another status or other findings; figures and wording do not count.</summary>
    /// <param name="other">A report of the same sections.</param>
    public bool DiffersFrom(HealthReport other) => !Essence().SequenceEqual(other.Essence());

    private IEnumerable<(HealthSectionKind Kind, HealthStatus Status, string Id, string Subject)> Essence() => Sections.SelectMany(s => s.Findings
        .Select(f => (s.Kind, f.Severity, f.Id, f.Subject))
        .OrderBy(f => f.Id, StringComparer.Ordinal).ThenBy(f => f.Subject, StringComparer.Ordinal)
        .Prepend((s.Kind, s.Status, "", "")));
}

/// <summary>One section of a report.</summary>
/// <param name="Kind">Which one.</param>
/// <param name="Status">How well it is.</param>
/// <param name="Summary">One sentence for people.</param>
public sealed record HealthSection(HealthSectionKind Kind, HealthStatus Status, string Summary)
{
    /// <summary>What was measured.</summary>
    public IReadOnlyList<HealthFigure> Figures { get; init; } = [];

    /// <summary>What deserves attention.</summary>
    public IReadOnlyList<HealthFinding> Findings { get; init; } = [];

    /// <summary>When its figures were taken, UTC; null when they never were.</summary>
    public DateTimeOffset? SampledAt { get; init; }
}
