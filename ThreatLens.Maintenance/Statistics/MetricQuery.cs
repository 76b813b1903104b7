namespace ThreatLens.Maintenance.Statistics;

/// <summary>Which metrics to read.</summary>
public sealed record MetricQuery
{
    /// <summary>The window begins here, inclusive. Whole steps: rounded down to one.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The window ends here, exclusive. Whole steps: rounded up to one.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Only this source; null: all.</summary>
    public string? SourceName { get; init; }

    /// <summary>Only this type; null: all.</summary>
    public string? MetricType { get; init; }

    /// <summary>Step of time to sum up over. Default: every sample by itself.</summary>
    public MetricResolution Resolution { get; init; }

    /// <summary>The window as it is read: widened to whole steps, since a summary of part of a step would be called by the whole one's name.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Window => Resolution == MetricResolution.Raw
        ? (From, To)
        : (Align(From, 0), Align(To, StepTicks - 1));

    /// <summary>Minutes a step.</summary>
    internal long StepMinutes => Resolution == MetricResolution.Hour ? 60 : 1;

    private long StepTicks => StepMinutes * TimeSpan.TicksPerMinute;

    private DateTimeOffset Align(DateTimeOffset moment, long up) =>
        moment.UtcTicks > DateTimeOffset.MaxValue.UtcTicks - up ? DateTimeOffset.MaxValue : new DateTimeOffset((moment.UtcTicks + up) / StepTicks * StepTicks, TimeSpan.Zero);
}

/// <summary>Step of time that metrics are summed up over.</summary>
public enum MetricResolution
{
    /// <summary>Every sample by itself.</summary>
    Raw,

    /// <summary>Per minute.</summary>
    Minute,

    /// <summary>Per hour.</summary>
    Hour,
}
