namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// What samples of one source and type within one step of time come to. Sums are of doubles in the order in which they come, and stay at
/// the largest double where they would pass it: never infinite, never NaN.
/// </summary>
internal record struct Rollup
{
    /// <summary>Samples with a numeric value; while it is 0, all that follows but the count of others says nothing.</summary>
    public long Count { get; init; }

    /// <summary>Samples whose value is not numeric.</summary>
    public long NonNumericCount { get; init; }

    /// <summary>Sum of the values.</summary>
    public double Sum { get; init; }

    /// <summary>Least of them.</summary>
    public double Min { get; init; }

    /// <summary>Largest of them.</summary>
    public double Max { get; init; }

    /// <summary>Value of the newest sample; of several at the same microsecond, of the one stored last.</summary>
    public double Last { get; init; }

    /// <summary>Time of that sample, microseconds since 1970.</summary>
    public long LastAt { get; init; }

    /// <summary>Id of that sample, which says what was stored last.</summary>
    public long LastId { get; init; }

    /// <summary>One sample.</summary>
    /// <param name="measure">Its value; null: not numeric.</param>
    /// <param name="at">Its time, microseconds since 1970.</param>
    /// <param name="id">Its id in processing_metrics.</param>
    public static Rollup Of(double? measure, long at, long id) => measure is { } value
        ? new Rollup { Count = 1, Sum = value, Min = value, Max = value, Last = value, LastAt = at, LastId = id }
        : new Rollup { NonNumericCount = 1 };

    /// <summary>Both together.</summary>
    public static Rollup operator +(in Rollup left, in Rollup right)
    {
        if (left.Count == 0)
            return right with { NonNumericCount = left.NonNumericCount + right.NonNumericCount };
        if (right.Count == 0)
            return left with { NonNumericCount = left.NonNumericCount + right.NonNumericCount };
        var rightIsLast = right.LastAt > left.LastAt || (right.LastAt == left.LastAt && right.LastId > left.LastId);
        return new Rollup
        {
            Count = left.Count + right.Count,
            NonNumericCount = left.NonNumericCount + right.NonNumericCount,
            Sum = Math.Clamp(left.Sum + right.Sum, -double.MaxValue, double.MaxValue),
            Min = Math.Min(left.Min, right.Min),
            Max = Math.Max(left.Max, right.Max),
            Last = rightIsLast ? right.Last : left.Last,
            LastAt = rightIsLast ? right.LastAt : left.LastAt,
            LastId = rightIsLast ? right.LastId : left.LastId,
        };
    }
}
