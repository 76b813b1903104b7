using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// The settings that producers follow, for all streams at once: looked up again at an interval, because other programs may change the
/// tables too, and at once when this service changed them. Reads only while somebody follows. Thread-safe.
/// </summary>
public sealed class IngestConfigurationFeed(
    MonitoringConfigStore configs, LogSourceStore sources, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestConfigurationFeed> logger)
{
    // Part of every welcome, which clients of other makes take up to 4 MiB.
    private const int MaxSources = 10_000;
    private const int MaxSourceCharacters = 1_000_000;
    private readonly Lock _lock = new();
    private IngestConfiguration _current = IngestConfiguration.Default;
    private long _readAt = long.MinValue;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>What is stored now.</summary>
    public IngestConfiguration ReadNow()
    {
        lock (_lock)
        {
            _readAt = time.GetTimestamp();
            try
            {
                var next = new IngestConfiguration(configs.Read().Config, sources.Settings(MaxSources, MaxSourceCharacters));
                if (!next.Equals(_current))
                    _current = next;
            }
            catch (MaintenanceException e)
            {
                Log.ConfigurationUnreadable(logger, e, e.Reason);
            }

            return _current;
        }
    }

    /// <summary>Waits until the settings differ from the ones the caller has.</summary>
    /// <param name="known">What the caller has.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IngestConfiguration> WaitForChangeAsync(IngestConfiguration known, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
                changed = _changed.Task;
            await Task.WhenAny(changed, Task.Delay(options.Value.ConfigurationPoll, time, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var current = ReadIfOld();
            if (!current.Equals(known))
                return current;
        }
    }

    /// <summary>This service changed the settings: everybody who follows hears of it now.</summary>
    public void Changed()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _readAt = long.MinValue;
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>One look-up serves all the streams that ask within the interval.</summary>
    private IngestConfiguration ReadIfOld()
    {
        lock (_lock)
        {
            if (_readAt != long.MinValue && time.GetElapsedTime(_readAt) < options.Value.ConfigurationPoll * 0.9)
                return _current;
        }

        return ReadNow();
    }
}

/// <summary>What producers are to do.</summary>
/// <param name="Monitoring">The monitoring configuration.</param>
/// <param name="Sources">The sources that the database knows, as many as a message should hold: those that are switched off first, then by name.</param>
public sealed record IngestConfiguration(MonitoringConfig Monitoring, IReadOnlyList<LogSourceSetting> Sources)
{
    /// <summary>What holds before anything could be read.</summary>
    public static readonly IngestConfiguration Default = new(MonitoringConfig.Default, []);

    /// <summary>Whether a producer would do the same with both.</summary>
    /// <param name="other">The other.</param>
    public bool Equals(IngestConfiguration? other) => other is not null
        && Monitoring.IsEnabled == other.Monitoring.IsEnabled
        && Monitoring.Interval == other.Monitoring.Interval
        && Monitoring.Paths.SequenceEqual(other.Monitoring.Paths)
        && Sources.SequenceEqual(other.Sources);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Monitoring.IsEnabled, Monitoring.Interval, Sources.Count);
}

/// <summary>Whether a source is to be watched.</summary>
/// <param name="SourceName">Its name.</param>
/// <param name="Path">Its path.</param>
/// <param name="IsEnabled">Whether it is.</param>
public sealed record LogSourceSetting(string SourceName, string Path, bool IsEnabled);
