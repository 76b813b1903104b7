using System.Globalization;

namespace ThreatLens.Testing.Telemetry;

/// <summary>One point of a metric as a backend gets it. Sums and histograms are cumulative: a later point replaces an earlier one.</summary>
public sealed record ReceivedMetric
{
    public required string Service { get; init; }

    /// <summary>Name of the Meter.</summary>
    public required string Scope { get; init; }

    public required string Name { get; init; }

    public required string Unit { get; init; }

    public required IReadOnlyDictionary<string, object?> Attributes { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>The value of a gauge or a sum, the sum of a histogram's measurements.</summary>
    public required double Value { get; init; }

    /// <summary>Set for histograms only.</summary>
    public ReceivedHistogram? Histogram { get; init; }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"metric [{Service}] {Scope}: '{Name}' = {Value} {Unit} {Received.Describe(Attributes)}");
}

/// <summary>The buckets of a histogram: <see cref="Counts"/> has one entry more than <see cref="Bounds"/>.</summary>
public sealed record ReceivedHistogram(long Count, IReadOnlyList<double> Bounds, IReadOnlyList<long> Counts);
