using System.Runtime.InteropServices;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>What a group of rows adds to the rollups, summed up in memory before the database hears of it. Not thread-safe.</summary>
internal sealed class RollupDeltas
{
    // A group of as many different keys is rare, and what it needed need not be kept for those after it.
    private const int KeptCapacity = 16_384;
    private readonly Dictionary<RollupKey, Rollup> _deltas = [];

    /// <summary>By key, in the order of the table, so that one write lands beside the other.</summary>
    public IEnumerable<KeyValuePair<RollupKey, Rollup>> InOrder => _deltas.OrderBy(d => d.Key);

    /// <summary>Adds a row; one whose timestamp is no time belongs to no minute and is left out.</summary>
    /// <param name="sourceName">Column source_name.</param>
    /// <param name="metricType">Column metric_type.</param>
    /// <param name="value">Column metric_value.</param>
    /// <param name="timestamp">Column timestamp; null: none.</param>
    /// <param name="id">Column id.</param>
    public void Add(string sourceName, string metricType, string value, string? timestamp, long id)
    {
        if (MetricTime.Read(timestamp) is not { } at)
            return;
        ref var delta = ref CollectionsMarshal.GetValueRefOrAddDefault(_deltas, new RollupKey(MetricTime.MinuteOf(at), sourceName, metricType), out _);
        delta += Rollup.Of(Measure.Of(value), at, id);
    }

    /// <summary>Forgets the sums that are not wanted.</summary>
    /// <param name="isWanted">Asked for each key.</param>
    public void Keep(Func<RollupKey, bool> isWanted)
    {
        foreach (var key in _deltas.Keys.Where(k => !isWanted(k)).ToList())
            _deltas.Remove(key);
    }

    public void Clear()
    {
        var isLarge = _deltas.Count > KeptCapacity;
        _deltas.Clear();
        if (isLarge)
            _deltas.TrimExcess(KeptCapacity);
    }
}
