namespace ThreatLens.Maintenance.Optimization.Indexes;

/// <summary>What an advice says.</summary>
public enum IndexAdviceKind
{
    /// <summary>No known query of its table uses it.</summary>
    Unused,

    /// <summary>Another index is the same.</summary>
    Duplicate,

    /// <summary>It is a prefix of another.</summary>
    RedundantPrefix,

    /// <summary>A query lacks it.</summary>
    Missing,
}

/// <summary>One advice about an index, with its evidence. Nothing is ever applied.</summary>
public sealed record IndexAdvice
{
    /// <summary>What is advised.</summary>
    public required IndexAdviceKind Kind { get; init; }

    /// <summary>The table.</summary>
    public required string Table { get; init; }

    /// <summary>The index, existing or proposed.</summary>
    public required string Index { get; init; }

    /// <summary>Why, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>A query that shows it; empty when none is known.</summary>
    public string Query { get; init; } = "";

    /// <summary>Its plan now; empty without a query.</summary>
    public string PlanBefore { get; init; } = "";

    /// <summary>Its plan with the advice followed, on the copy.</summary>
    public string PlanAfter { get; init; } = "";

    /// <summary>Its time on the copy now; zero without a query.</summary>
    public TimeSpan DurationBefore { get; init; }

    /// <summary>Its time on the copy with the advice followed.</summary>
    public TimeSpan DurationAfter { get; init; }

    /// <summary>Size of the index, bytes: as it is, or, proposed, as it would be.</summary>
    public required long IndexBytes { get; init; }

    /// <summary>Share of the time of inserting a row that the index costs, 0 to 1, measured on the copy.</summary>
    public required double IngestCost { get; init; }

    /// <summary>A migration that follows the advice, with how to take it back.</summary>
    public required string MigrationSql { get; init; }

    /// <summary>When it was measured, UTC.</summary>
    public required DateTimeOffset MeasuredAt { get; init; }
}
