using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance;

/// <summary>Whether the start-up, its migration included, has finished. Thread-safe.</summary>
public sealed class StartupState
{
    private volatile MaintenanceException? _failure;
    private volatile bool _finished;

    /// <summary>Whether it has finished.</summary>
    public bool IsFinished => _finished;

    /// <summary>What kept it from finishing at its last try; null: nothing yet.</summary>
    public MaintenanceException? Failure => _finished ? null : _failure;

    internal void Finish() => _finished = true;

    internal void Fail(MaintenanceException failure) => _failure = failure;
}
