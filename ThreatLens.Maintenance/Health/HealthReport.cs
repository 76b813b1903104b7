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

/// <summary>The parts of a report that this service fills.</summary>
public enum HealthSectionKind
{
    /// <summary>Version, pending migrations.</summary>
    Schema,

    /// <summary>Last integrity check and its age.</summary>
    Integrity,

    /// <summary>Sizes and free space.</summary>
    Storage,

    /// <summary>Rows per table.</summary>
    Tables,

    /// <summary>Rate, latency, rejections, queue.</summary>
    Ingest,

    /// <summary>State of each log source.</summary>
    LogSources,
}

/// <summary>How a figure was obtained.</summary>
public enum FigureMethod
{
    /// <summary>Counted or read when the report was made.</summary>
    Exact,

    /// <summary>Counted earlier, at <see cref="HealthFigure.SampledAt"/>.</summary>
    Sampled,
}

/// <summary>A report on the whole database and its service.</summary>
/// <param name="MadeAt">When, UTC.</param>
/// <param name="Sections">In the order of their kinds.</param>
public sealed record HealthReport(DateTimeOffset MadeAt, IReadOnlyList<HealthSection> Sections)
{
    /// <summary>The worst of the sections; unknown counts between fine and warning, and nothing at all is unknown.</summary>
    public HealthStatus Overall => Sections.Count == 0 ? HealthStatus.Unknown : Sections.Max(s => s.Status);
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

/// <summary>One figure of a section.</summary>
/// <param name="Name">Stable name, snake_case.</param>
/// <param name="Value">A <see cref="double"/>, <see cref="string"/>, <see cref="bool"/>, <see cref="DateTimeOffset"/> or <see cref="TimeSpan"/>; null: unknown.</param>
/// <param name="Unit">Unit of a number; empty when it has none.</param>
/// <param name="Subject">What it is of: a table, a source; empty: the section.</param>
public sealed record HealthFigure(string Name, object? Value, string Unit = "", string Subject = "")
{
    /// <summary>How it was obtained.</summary>
    public FigureMethod Method { get; init; }

    /// <summary>When it was taken, UTC; null: with the report.</summary>
    public DateTimeOffset? SampledAt { get; init; }
}

/// <summary>Something that deserves attention.</summary>
/// <param name="Id">Stable id, listed in docs/operations.md.</param>
/// <param name="Severity">Warning or critical.</param>
/// <param name="Evidence">What was seen.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Command">The command that does it; empty when there is none.</param>
/// <param name="Subject">What it is about; empty: the section.</param>
public sealed record HealthFinding(string Id, HealthStatus Severity, string Evidence, string Remedy, string Command = "", string Subject = "");
