namespace ThreatLens.Maintenance.Operations;

/// <summary>Which operations may not run at the same time.</summary>
public static class OperationConflicts
{
    /// <summary>Whether the operation changes the schema or the whole file, and so excludes every other.</summary>
    /// <param name="kind">The operation's kind.</param>
    public static bool IsExclusive(this OperationKind kind) => kind is OperationKind.Migrate or OperationKind.Rollback or OperationKind.Repair or OperationKind.Restore;

    /// <summary>
    /// Whether two operations exclude each other. Short changes of settings do not, the database orders those; a backup, a restore drill and an integrity check
    /// only read, and each excludes but another one of its kind. Of those that work through the whole file in slices there is one at a time.
    /// </summary>
    /// <param name="one">A kind.</param>
    /// <param name="other">Another, or the same.</param>
    public static bool Excludes(this OperationKind one, OperationKind other) =>
        one.IsExclusive() || other.IsExclusive() || (one == OperationKind.Backup && other == OperationKind.Backup)
        || (one.WorksInSlices() && other.WorksInSlices()) || (one == other && one is OperationKind.RestoreDrill or OperationKind.IntegrityCheck);

    private static bool WorksInSlices(this OperationKind kind) => kind is OperationKind.Optimize or OperationKind.Cleanup;
}
