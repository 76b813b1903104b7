namespace ThreatLens.Maintenance.Operations;

/// <summary>What an operation does. The names are stored; never rename one.</summary>
public enum OperationKind
{
    /// <summary>Applies migrations.</summary>
    Migrate,

    /// <summary>Undoes migrations.</summary>
    Rollback,

    /// <summary>Recreates what drifted away.</summary>
    Repair,

    /// <summary>Returns space, refreshes the query planner's statistics.</summary>
    Optimize,

    /// <summary>Takes a backup.</summary>
    Backup,

    /// <summary>Puts a backup in place of the database.</summary>
    Restore,

    /// <summary>Replaces the monitoring configuration.</summary>
    UpdateMonitoringConfig,

    /// <summary>Switches a log source on or off.</summary>
    SetLogSourceEnabled,

    /// <summary>Deletes what is older than its policy.</summary>
    Cleanup,

    /// <summary>Pins data against deletion.</summary>
    CreateHold,

    /// <summary>Unpins data.</summary>
    ReleaseHold,

    /// <summary>Restores a backup aside and checks it.</summary>
    RestoreDrill,

    /// <summary>Checks the file's integrity.</summary>
    IntegrityCheck,

    /// <summary>Pauses or resumes a schedule.</summary>
    PauseSchedule,
}
