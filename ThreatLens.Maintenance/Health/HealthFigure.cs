namespace ThreatLens.Maintenance.Health;

/// <summary>How a figure was obtained.</summary>
public enum FigureMethod
{
    /// <summary>Counted or read when the report was made.</summary>
    Exact,

    /// <summary>Added up while things happened, since <see cref="HealthFigure.SampledAt"/> if that is set.</summary>
    Rollup,

    /// <summary>Estimated; <see cref="HealthFigure.ErrorBound"/> says how well.</summary>
    Estimated,

    /// <summary>Counted earlier, at <see cref="HealthFigure.SampledAt"/>.</summary>
    Sampled,
}

/// <summary>One figure of a section.</summary>
/// <param name="Name">Stable name, snake_case.</param>
/// <param name="Value">A <see cref="double"/>, <see cref="string"/>, <see cref="bool"/>, <see cref="DateTimeOffset"/> or <see cref="TimeSpan"/>; null: unknown.</param>
/// <param name="Unit">Unit of a number; empty when it has none.</param>
/// <param name="Subject">What it is of: a table, a source; empty: the section.</param>
public sealed record HealthFigure(string Name, object? Value, string Unit = "", string Subject = "")
{
    /// <summary>How it was obtained. Default: exact.</summary>
    public FigureMethod Method { get; init; }

    /// <summary>When it was taken, UTC; null: with the report.</summary>
    public DateTimeOffset? SampledAt { get; init; }

    /// <summary>
    /// When the counting began, UTC, where it took long and others wrote meanwhile: what they changed between this and <see cref="SampledAt"/> may be in the
    /// figure or not. Null: the figure is of one moment.
    /// </summary>
    public DateTimeOffset? CountedSince { get; init; }

    /// <summary>Largest relative error of an estimate, 0 to 1; 0 for the other methods.</summary>
    public double ErrorBound { get; init; }

    /// <summary>A number of things.</summary>
    internal static HealthFigure Count(string name, long? count, string unit, string subject = "") => new(name, (double?)count, unit, subject);

    /// <summary>The same figure, counted earlier.</summary>
    internal HealthFigure At(DateTimeOffset sampledAt) => this with { Method = FigureMethod.Sampled, SampledAt = sampledAt };

    /// <summary>The same figure, added up while things happened.</summary>
    /// <param name="since">Since when; null: that does not matter.</param>
    internal HealthFigure Kept(DateTimeOffset? since = null) => this with { Method = FigureMethod.Rollup, SampledAt = since };

    /// <summary>The same figure, estimated.</summary>
    internal HealthFigure Within(double errorBound) => this with { Method = FigureMethod.Estimated, ErrorBound = errorBound };
}
