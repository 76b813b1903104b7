using System.Numerics;

namespace ThreatLens.Ingest.Sample.Measuring;

/// <summary>
/// Counts durations in buckets whose width is at most 1/32 of their value (the scheme of HdrHistogram): quantiles are right to 1.6 %,
/// memory is the same for ten lines and for ten million. Not thread-safe.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 5;
    private const int SubBuckets = 1 << SubBucketBits;
    private readonly int[] _buckets = new int[(64 - SubBucketBits) * SubBuckets];

    /// <summary>Durations counted since the last reset.</summary>
    public long Count { get; private set; }

    /// <summary>Counts one duration; a negative one counts as 0.</summary>
    public void Add(long nanoseconds)
    {
        _buckets[BucketOf(Math.Max(0, nanoseconds))]++;
        Count++;
    }

    /// <summary>The duration that a share of all does not exceed, by nearest rank; null when nothing was counted.</summary>
    /// <param name="share">Above 0, at most 1: 0.5 for the median.</param>
    public double? QuantileMilliseconds(double share)
    {
        var rank = (long)Math.Ceiling(share * Count);
        for (var bucket = 0; bucket < _buckets.Length && Count > 0; bucket++)
        {
            rank -= _buckets[bucket];
            if (rank <= 0)
                return MiddleOf(bucket) / 1_000_000;
        }
        return null;
    }

    public void Reset()
    {
        Array.Clear(_buckets);
        Count = 0;
    }

    private static int BucketOf(long value)
    {
        if (value < SubBuckets)
            return (int)value;
        var shift = BitOperations.Log2((ulong)value) - SubBucketBits;
        return (shift * SubBuckets) + (int)(value >> shift);
    }

    private static double MiddleOf(int bucket)
    {
        if (bucket < SubBuckets)
            return bucket;
        var shift = (bucket / SubBuckets) - 1;
        var lowest = (long)((bucket % SubBuckets) + SubBuckets) << shift;
        return lowest + (((1L << shift) - 1) / 2.0);
    }
}
