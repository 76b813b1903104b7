using ThreatLens.Maintenance.V1;

namespace ThreatLens.Ingest.Sample.Watching;

/// <summary>The latest configuration from the service; whoever waits learns of a change at once. Thread-safe.</summary>
internal sealed class ConfigurationFeed
{
    private readonly Lock _lock = new();
    private IngestConfiguration _latest = new();
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>The configuration now, and what completes when there is another.</summary>
    public (IngestConfiguration Configuration, Task Changed) Latest
    {
        get { lock (_lock) return (_latest, _changed.Task); }
    }

    /// <summary>A configuration came; one that is no different changes nothing.</summary>
    public void Publish(IngestConfiguration configuration)
    {
        lock (_lock)
        {
            if (configuration.Equals(_latest))
                return;
            _latest = configuration;
            var changed = _changed;
            _changed = NewSignal();
            changed.SetResult();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
