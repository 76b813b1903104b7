namespace ThreatLens.Maintenance.Operations;

/// <summary>Where an operation stands. The names are stored; never rename one.</summary>
public enum OperationState
{
    /// <summary>Accepted, waits for its turn.</summary>
    Queued,

    /// <summary>Runs.</summary>
    Running,

    /// <summary>Asked to stop; runs until its next safe point.</summary>
    Cancelling,

    /// <summary>Ended, all done.</summary>
    Succeeded,

    /// <summary>Ended by an error.</summary>
    Failed,

    /// <summary>Ended at a safe point because it was asked to.</summary>
    Cancelled,

    /// <summary>The process that ran it ended first; set at the next start.</summary>
    Interrupted,
}
