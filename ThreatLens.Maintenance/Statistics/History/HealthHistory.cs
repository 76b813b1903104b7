using Microsoft.Extensions.Options;

namespace ThreatLens.Maintenance.Statistics.History;

/// <summary>
/// What the stored samples tell: how fast the database grows, since when something is so. Held in memory as stored, so that asking reads
/// nothing; loaded and added to by <see cref="HealthRecorder"/>. Until it is loaded it knows nothing. Thread-safe.
/// </summary>
public sealed class HealthHistory(IOptions<HistoryOptions> options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private List<HealthSample> _samples = [];
    private Growth? _growth;

    /// <summary>Whether it has been loaded: before, no answer says anything.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>The samples, oldest first, without those of a time to come (a clock was wrong).</summary>
    public IReadOnlyList<HealthSample> Samples
    {
        get
        {
            lock (_lock)
                return [.. Past()];
        }
    }

    /// <summary>How fast the database grows, by the samples of the last <see cref="HistoryOptions.GrowthWindow"/>; null: too few for that.</summary>
    public Growth? Growth
    {
        get
        {
            lock (_lock)
                return _growth;
        }
    }

    /// <summary>Since when the last samples without exception were so.</summary>
    /// <param name="isSo">What is asked: <c>s => s.Verdict.Overall == "Warning"</c>, <c>s => s.Verdict.Findings.Contains("storage.wal")</c>.</param>
    /// <returns>Null: the last sample was not so, or there is none.</returns>
    public Since? SinceWhen(Func<HealthSample, bool> isSo)
    {
        lock (_lock)
        {
            var past = Past();
            var first = past.Count;
            while (first > 0 && isSo(past[first - 1]))
                first--;
            return first == past.Count ? null : new Since(past[first].At, first == 0);
        }
    }

    /// <summary>Replaces all samples by the stored ones.</summary>
    internal void Load(IReadOnlyList<HealthSample> samples)
    {
        lock (_lock)
        {
            _samples = [.. samples];
            IsLoaded = true;
            Measure();
        }
    }

    /// <summary>Adds the newest.</summary>
    internal void Add(HealthSample sample)
    {
        lock (_lock)
        {
            // In the order of time, also after the clock was set back.
            var at = _samples.FindLastIndex(s => s.At <= sample.At) + 1;
            _samples.Insert(at, sample);
            // More than one, when fewer are to be kept than the last process did.
            if (_samples.Count > options.Value.MaxSamples)
                _samples.RemoveRange(0, _samples.Count - options.Value.MaxSamples);
            Measure();
        }
    }

    private void Measure()
    {
        var past = Past();
        _growth = past.Count == 0 ? null : Growth.Of([.. past.SkipWhile(s => s.At < past[^1].At - options.Value.GrowthWindow)]);
    }

    private List<HealthSample> Past()
    {
        var now = time.GetUtcNow();
        return _samples.Count == 0 || _samples[^1].At <= now ? _samples : _samples.FindAll(s => s.At <= now);
    }
}
