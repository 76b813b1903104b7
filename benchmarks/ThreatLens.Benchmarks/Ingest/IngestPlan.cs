namespace ThreatLens.Benchmarks.Ingest;

/// <summary>What a run measures, and for how long.</summary>
internal sealed record IngestPlan
{
    /// <summary>Samples a message.</summary>
    public const int Batch = 500;

    /// <summary>Rows a transaction of the contestants, as the service's groups have at most.</summary>
    public const int Group = 5_000;

    /// <summary>Rounds in which everything is measured once, in turn.</summary>
    public required int Rounds { get; init; }

    /// <summary>Seconds counted of each measurement.</summary>
    public required double Seconds { get; init; }

    /// <summary>Seconds before that: the service compiles its code anew for speed.</summary>
    public double WarmUp => Math.Max(3, Seconds / 2);

    /// <summary>Samples of the memory curve, millions.</summary>
    public required double Millions { get; init; }

    /// <summary>Settings of the service.</summary>
    public required IReadOnlyList<string> Settings { get; init; }

    /// <summary>Parts to run.</summary>
    public required IReadOnlyList<string> Parts { get; init; }

    /// <summary>The middle one; of an even number the lower.</summary>
    public static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[(sorted.Length - 1) / 2] : 0;
}
