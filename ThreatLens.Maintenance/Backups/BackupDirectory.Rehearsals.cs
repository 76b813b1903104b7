using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Backups;

/// <summary>The room for copies that migrations are rehearsed on: one at a time, beside the backups, and not in their way.</summary>
public sealed partial class BackupDirectory
{
    /// <summary>Keeps the room for one rehearsal, of this process or another; what crashes left is removed.</summary>
    /// <exception cref="MaintenanceException">OPERATION_CONFLICT, BACKUP_DIRECTORY_UNUSABLE.</exception>
    internal MaintenanceLock EnterRehearsal(LockOwner owner) => Guard(() =>
    {
        Directory.CreateDirectory(Path);
        var held = MaintenanceLock.TryAcquire(RehearsalLock, owner, time)
            ?? throw new MaintenanceException(ErrorKind.Aborted, ErrorReasons.OperationConflict, "Another rehearsal is running; wait for its end, then try again.") { RetryAfter = TimeSpan.FromSeconds(1) };
        RemoveRehearsals();
        return held;
    });

    /// <summary>Path of a copy to rehearse on.</summary>
    internal string NewRehearsal() => System.IO.Path.Combine(Path, $".{_databaseName}~rehearsal-{Guid.NewGuid():N}.tmp");

    private string RehearsalLock => System.IO.Path.Combine(Path, $".{_databaseName}~rehearsal.lock");

    private string[] Rehearsals() => Directory.GetFiles(Path, $".{_databaseName}~rehearsal-*");

    /// <summary>Removes what a crash left, unless a rehearsal is running.</summary>
    private void RemoveAbandonedRehearsals()
    {
        if (Rehearsals().Length == 0)
            return;
        using var held = MaintenanceLock.TryAcquire(RehearsalLock, new LockOwner("removing what a rehearsal left"), time);
        if (held is not null)
            RemoveRehearsals();
    }

    private void RemoveRehearsals()
    {
        foreach (var file in Rehearsals())
            File.Delete(file);
    }
}
