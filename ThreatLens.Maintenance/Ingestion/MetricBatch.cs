namespace ThreatLens.Maintenance.Ingestion;

/// <summary>What a producer sends at a time: stored together or not at all.</summary>
/// <param name="Sequence">The producer's number for it: one more than the last one stored.</param>
/// <param name="Samples">Metrics, at most <see cref="IngestLimits.MaxBatchSamples"/>.</param>
/// <param name="Sources">Where the producer stands in its sources, at most <see cref="IngestLimits.MaxBatchSources"/>.</param>
/// <param name="Bytes">What it takes in memory, about, for the bound on that.</param>
public sealed record MetricBatch(long Sequence, IReadOnlyList<MetricSample> Samples, IReadOnlyList<SourceReport> Sources, long Bytes);

/// <summary>One metric as a producer gives it; see <see cref="BatchValidator"/> for what is acceptable.</summary>
/// <param name="SourceName">Source it is about.</param>
/// <param name="MetricType">What is measured.</param>
/// <param name="MetricValue">A number or JSON.</param>
/// <param name="Timestamp">When; null: when it was received.</param>
/// <param name="Metadata">More about it; empty: none.</param>
public readonly record struct MetricSample(string SourceName, string MetricType, string MetricValue, SampleTime? Timestamp, string Metadata);

/// <summary>A moment as the wire gives it, which may be none: seconds since 1970 and nanoseconds within the second.</summary>
/// <param name="Seconds">Seconds since 1970-01-01T00:00:00Z, possibly out of range.</param>
/// <param name="Nanos">Nanoseconds, valid from 0 to 999,999,999.</param>
public readonly record struct SampleTime(long Seconds, int Nanos)
{
    private const int NanosPerTick = 100;
    private static readonly long MaxSeconds = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>The moment, cut to 100 ns; null when there is no such moment between 1970 and 9999.</summary>
    public DateTimeOffset? ToDateTimeOffset() => Seconds < 0 || Seconds > MaxSeconds || Nanos is < 0 or > 999_999_999
        ? null
        : DateTimeOffset.FromUnixTimeSeconds(Seconds).AddTicks(Nanos / NanosPerTick);
}

/// <summary>A log source as its producer sees it.</summary>
public sealed record SourceReport
{
    /// <summary>Name of the source.</summary>
    public required string SourceName { get; init; }

    /// <summary>Path of its file.</summary>
    public required string Path { get; init; }

    /// <summary>Size of the file, bytes.</summary>
    public long FileSize { get; init; }

    /// <summary>Bytes of it whose metrics are stored with this batch or before.</summary>
    public long Offset { get; init; }

    /// <summary>State, as stored in <c>log_sources.status</c>; null: none that this service knows, which is rejected.</summary>
    public string? Status { get; init; } = LogSourceStatus.Active;

    /// <summary>What is wrong with it; empty when nothing is.</summary>
    public string ErrorMessage { get; init; } = "";

    /// <summary>When it was last looked at; null: when the report was received.</summary>
    public SampleTime? MonitoredAt { get; init; }

    /// <summary>The producer's own mark of the file that <see cref="Offset"/> is in; opaque.</summary>
    public string PositionToken { get; init; } = "";
}
