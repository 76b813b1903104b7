namespace ThreatLens.Maintenance.Statistics.Processing;

/// <summary>
/// Mean and percentiles of values that are not negative. Up to <see cref="MostExact"/> values are held as they are, and percentiles are
/// exact; beyond it they are counted in logarithmic buckets of a bounded number (after DDSketch, Masson et al., VLDB 2019), and
/// percentiles are within <see cref="BucketError"/>. Not thread-safe.
/// </summary>
internal sealed class ValueSpread
{
    /// <summary>Values up to which percentiles are exact: below a megabyte.</summary>
    public const int MostExact = 100_000;

    /// <summary>Relative error of percentiles of more values than that.</summary>
    public const double BucketError = 0.005;

    // Smaller values share a bucket: nobody tells times below a nanosecond apart.
    private const double Least = 1e-9;
    private static readonly double LogGamma = Math.Log((1 + BucketError) / (1 - BucketError));
    private readonly List<double> _values = [];
    private SortedDictionary<int, long>? _buckets;
    private double _sum;

    public long Count { get; private set; }

    public double? Mean => Count == 0 ? null : _sum / Count;

    /// <summary>Largest relative error of <see cref="Percentile"/>; 0: exact.</summary>
    public double ErrorBound => _buckets is null ? 0 : BucketError;

    public void Add(double value)
    {
        Count++;
        _sum += value;
        if (_buckets is not null)
        {
            AddToBucket(value);
            return;
        }

        _values.Add(value);
        if (_values.Count <= MostExact)
            return;
        _buckets = [];
        _values.ForEach(AddToBucket);
        _values.Clear();
        _values.TrimExcess();
    }

    /// <summary>By nearest rank: the least value that at least this share of the values do not exceed.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    /// <returns>Null when there is no value.</returns>
    public double? Percentile(double share)
    {
        if (Count == 0)
            return null;
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        if (_buckets is null)
            return _values.Order().ElementAt((int)rank - 1);
        var passed = 0L;
        return ValueOf(_buckets.First(bucket => (passed += bucket.Value) >= rank).Key);
    }

    private void AddToBucket(double value)
    {
        var bucket = value < Least ? int.MinValue : (int)Math.Ceiling(Math.Log(value) / LogGamma);
        _buckets![bucket] = _buckets.GetValueOrDefault(bucket) + 1;
    }

    /// <summary>In the middle of the bucket, by relative error.</summary>
    private static double ValueOf(int bucket) => bucket == int.MinValue ? 0 : Math.Exp(bucket * LogGamma) * (1 - BucketError);
}
