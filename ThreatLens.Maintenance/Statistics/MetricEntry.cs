namespace ThreatLens.Maintenance.Statistics;

/// <summary>A metric as stored, or the summary of those within one step of time.</summary>
public sealed record MetricEntry
{
    /// <summary>Source it is about.</summary>
    public required string SourceName { get; init; }

    /// <summary>What is measured.</summary>
    public required string MetricType { get; init; }

    /// <summary>Its time; of a summary, when the step begins. UTC, in microseconds.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The stored value; null: a summary.</summary>
    public string? Value { get; init; }

    /// <summary>The stored metadata; null: none, or a summary.</summary>
    public string? Metadata { get; init; }

    /// <summary>The summary; null: a metric as stored.</summary>
    public MetricSummary? Summary { get; init; }
}

/// <summary>What the samples of one source and type within one step come to.</summary>
/// <param name="Count">Samples with a numeric value; 0: the values below say nothing.</param>
/// <param name="NonNumericCount">Samples whose value is not numeric.</param>
/// <param name="Sum">Sum of the values, as a double.</param>
/// <param name="Min">Least of them.</param>
/// <param name="Max">Largest of them.</param>
/// <param name="Last">Value of the newest sample; of several at the same microsecond, of the one stored last.</param>
public sealed record MetricSummary(long Count, long NonNumericCount, double Sum, double Min, double Max, double Last);

/// <summary>Some of what was asked for, oldest first.</summary>
/// <param name="Entries">By time, then as stored; summaries by time, source and type.</param>
/// <param name="Next">Where the next page begins, opaque; null: this is the last one.</param>
public sealed record MetricPage(IReadOnlyList<MetricEntry> Entries, string? Next);
