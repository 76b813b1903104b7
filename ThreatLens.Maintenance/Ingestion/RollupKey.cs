namespace ThreatLens.Maintenance.Ingestion;

/// <summary>What a rollup is about. Sorts as SQLite sorts the table's key.</summary>
/// <param name="Minute">Minutes since 1970 at which the step of time begins.</param>
/// <param name="SourceName">Source.</param>
/// <param name="MetricType">What is measured.</param>
internal readonly record struct RollupKey(long Minute, string SourceName, string MetricType) : IComparable<RollupKey>
{
    public int CompareTo(RollupKey other)
    {
        var order = Minute.CompareTo(other.Minute);
        if (order == 0)
            order = Compare(SourceName, other.SourceName);
        return order == 0 ? Compare(MetricType, other.MetricType) : order;
    }

    /// <summary>By code points, as the bytes of UTF-8 sort; UTF-16 would put what is beyond U+FFFF before U+E000.</summary>
    private static int Compare(string left, string right)
    {
        var same = left.AsSpan().CommonPrefixLength(right);
        return same == left.Length || same == right.Length
            ? left.Length.CompareTo(right.Length)
            : Rank(left[same]).CompareTo(Rank(right[same]));
    }

    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + char.MaxValue : unit;
}
