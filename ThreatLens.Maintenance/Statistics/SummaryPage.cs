using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>
/// Sums up into the first so many steps, sources and types behind a position, from parts that come in any order. Never holds more than that
/// many: what sorts behind them is dropped, and stays out, since what is kept only ever sorts lower.
/// </summary>
internal sealed class SummaryPage(int capacity, long stepMinutes, RollupKey? after)
{
    private readonly Dictionary<RollupKey, Rollup> _summaries = [];
    private readonly SortedSet<RollupKey> _keys = [];

    /// <summary>In order.</summary>
    public IEnumerable<KeyValuePair<RollupKey, Rollup>> InOrder => _keys.Select(key => KeyValuePair.Create(key, _summaries[key]));

    /// <summary>Whether something of that minute, or later, can still be of this page.</summary>
    public bool Wants(long minute) => _keys.Count < capacity || StepOf(minute) <= _keys.Max.Minute;

    /// <summary>Adds a part.</summary>
    /// <param name="minute">Its minute.</param>
    /// <param name="sourceName">Its source.</param>
    /// <param name="metricType">Its type.</param>
    /// <param name="part">What it comes to.</param>
    public void Add(long minute, string sourceName, string metricType, in Rollup part)
    {
        var key = new RollupKey(StepOf(minute), sourceName, metricType);
        ref var known = ref CollectionsMarshal.GetValueRefOrNullRef(_summaries, key);
        if (!Unsafe.IsNullRef(ref known))
        {
            known += part;
            return;
        }

        if ((after is { } last && key.CompareTo(last) <= 0) || (_keys.Count == capacity && key.CompareTo(_keys.Max) > 0))
            return;
        _summaries.Add(key, part);
        _keys.Add(key);
        if (_keys.Count <= capacity)
            return;
        _summaries.Remove(_keys.Max);
        _keys.Remove(_keys.Max);
    }

    private long StepOf(long minute) => MetricTime.FloorDivide(minute, stepMinutes) * stepMinutes;
}
