using ThreatLens.Ingest.Sample.Tailing;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Ingest.Sample.Watching;

/// <summary>All sources of this process, as the configuration wants them. Not thread-safe.</summary>
internal sealed class WatchedSources : IDisposable
{
    private const int MostSources = 1000;
    private readonly IngestOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<string, WatchedSource> _sources = new(StringComparer.Ordinal);

    // Of every path ever reported, so that one that comes back goes on where it stopped.
    private readonly Dictionary<string, FilePosition> _positions = new(StringComparer.Ordinal);

    public WatchedSources(IngestOptions options, IEnumerable<SourcePosition> positions, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        foreach (var position in positions)
            _positions[position.Path] = new FilePosition(position.Offset, position.PositionToken);
    }

    /// <summary>How many are measured.</summary>
    public int WatchedCount => _sources.Values.Count(source => source.IsWatched);

    /// <summary>Whether something is left to read at once.</summary>
    public bool HasMore => _sources.Values.Any(source => source.HasMore);

    /// <summary>Adds, removes, pauses and resumes sources.</summary>
    /// <returns>A report of each that is not measured any more, or not from the start.</returns>
    public IReadOnlyList<SourceSlice> Apply(IngestConfiguration configuration)
    {
        var paths = WantedPaths(configuration);
        List<SourceSlice> reports = [.. Remove(paths)];
        var names = SourceNames.Assign(paths, KnownNames(configuration));
        var stored = configuration.Sources.Select(setting => setting.Path).ToHashSet(StringComparer.Ordinal);
        var off = configuration.Sources.Where(setting => !setting.Enabled).Select(setting => setting.Path).ToHashSet(StringComparer.Ordinal);
        var enabled = configuration.Monitoring is not { HasEnabled: true, Enabled: false };
        foreach (var path in paths)
        {
            var isNew = !_sources.TryGetValue(path, out var source);
            source ??= _sources[path] = Add(path, names[path], stored.Contains(path));
            source.Name = names[path];
            if (enabled && !off.Contains(path))
            {
                if (!source.IsWatched)
                    source.Watch();
            }
            else if (isNew || source.IsWatched)
            {
                source.Pause();
                reports.Add(source.Report(LogSourceStatus.Paused));
            }
        }
        return reports;
    }

    /// <summary>Measures every watched source.</summary>
    public IEnumerable<SourceSlice> Measure() => _sources.Values.Where(source => source.IsWatched).Select(source => source.Measure());

    /// <summary>Says of every watched source that nobody watches it from now on.</summary>
    public IReadOnlyList<SourceSlice> Stop() =>
        [.. _sources.Values.Where(source => source.IsWatched).Select(source => source.Report(LogSourceStatus.Inactive))];

    public void Dispose()
    {
        foreach (var source in _sources.Values)
            source.Dispose();
    }

    private List<string> WantedPaths(IngestConfiguration configuration)
    {
        IEnumerable<string> paths = configuration.Monitoring is { Paths.Count: > 0 } monitoring ? monitoring.Paths : _options.EffectivePaths;
        return [.. paths.Where(IngestOptions.IsPath).Select(Path.GetFullPath).Distinct(StringComparer.Ordinal).Take(MostSources)];
    }

    private IEnumerable<SourceSlice> Remove(List<string> wanted)
    {
        foreach (var source in _sources.Values.ExceptBy(wanted, source => source.Path).ToList())
        {
            source.Dispose();
            _positions[source.Path] = source.Position;
            _sources.Remove(source.Path);
            yield return source.Report(LogSourceStatus.Inactive);
        }
    }

    private WatchedSource Add(string path, string name, bool isStored)
    {
        // The database has been told of the file, and this producer is given no place in it: the service forgot it, or it had another id then.
        var isKnown = _positions.TryGetValue(path, out var position);
        if (isStored && !isKnown)
            _logger.PositionUnknown(path);
        return new(name, path, isKnown ? position : FilePosition.Start, _options.TailLimits, _time, _logger);
    }

    /// <summary>Names of the database win over names given here before.</summary>
    private Dictionary<string, string> KnownNames(IngestConfiguration configuration)
    {
        var known = _sources.Values.ToDictionary(source => source.Path, source => source.Name, StringComparer.Ordinal);
        foreach (var setting in configuration.Sources)
            known[setting.Path] = setting.SourceName;
        return known;
    }
}
