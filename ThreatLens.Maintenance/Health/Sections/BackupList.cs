using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>
/// The backups. A thousand of them take long to list, so that is done when the directory has changed: each backup that comes, goes or is verified
/// renames or deletes a file in it. Thread-safe.
/// </summary>
internal sealed class BackupList(BackupDirectory directory)
{
    // Changes within one tick of the file system's clock look alike.
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private (DateTime Changed, IReadOnlyList<Backup> Backups)? _last;

    /// <summary>Newest first; null: the directory cannot be read.</summary>
    public IReadOnlyList<Backup>? TryGet(DateTimeOffset now)
    {
        try
        {
            return Get(now);
        }
        catch (MaintenanceException e) when (e.Reason == ErrorReasons.BackupDirectoryUnusable)
        {
            return null;
        }
    }

    /// <summary>Newest first.</summary>
    /// <exception cref="MaintenanceException">BACKUP_DIRECTORY_UNUSABLE.</exception>
    public IReadOnlyList<Backup> Get(DateTimeOffset now)
    {
        lock (_lock)
        {
            // Of a directory that is not there this is a moment long ago.
            var changed = Directory.GetLastWriteTimeUtc(directory.Path);
            if (_last is var (known, backups) && known == changed)
                return backups;
            var listed = directory.List();
            _last = now.UtcDateTime - changed > Tick ? (changed, listed) : null;
            return listed;
        }
    }
}
