namespace ThreatLens.Maintenance.Operations;

/// <summary>
/// That a process is there, for processes that cannot see it: those of another machine, or of another container of this one. Whoever runs operations
/// keeps a shared lock on a sidecar file, which the operating system frees with the process; whoever gets the file for itself alone knows that all the
/// others are gone. Thread-safe.
/// </summary>
/// <param name="path">Path of the sidecar file; it stays.</param>
internal sealed class ProcessPresence(string path)
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private HashSet<string> _gone = [];
    private FileStream? _held;

    /// <summary>Makes this process known. Once; where it is not possible now, the next call tries again.</summary>
    /// <param name="recorded">The processes on record that have not ended, read while no other one is there.</param>
    public void Enter(Func<IEnumerable<string>> recorded)
    {
        lock (_lock)
        {
            if (_held is not null)
                return;
            try
            {
                using (var alone = Open(FileAccess.ReadWrite, FileShare.None))
                using (var second = alone is null ? null : Open(FileAccess.Read, FileShare.Read))
                {
                    // Where a second lock is given beside the first, locks mean nothing, and nobody is taken for gone.
                    if (alone is not null && second is null)
                        _gone = [.. recorded()];
                }

                // Another one may be looking at the same moment.
                SpinWait.SpinUntil(() => (_held = Open(FileAccess.Read, FileShare.Read)) is not null, Moment);
            }
            catch (UnauthorizedAccessException)
            {
                // The directory cannot be written: nobody is taken for gone, and this process may not be seen.
            }
        }
    }

    /// <summary>Whether a process on record has ended; false also when that cannot be told.</summary>
    /// <param name="identity">What <see cref="ProcessIdentity.Current"/> was in that process.</param>
    public bool IsGone(string identity)
    {
        if (!ProcessIdentity.IsElsewhere(identity))
            return !ProcessIdentity.IsAlive(identity);
        lock (_lock)
            return _gone.Contains(identity);
    }

    /// <returns>Null when another has it.</returns>
    private FileStream? Open(FileAccess access, FileShare share)
    {
        try
        {
            return new FileStream(path, access == FileAccess.Read ? FileMode.Open : FileMode.OpenOrCreate, access, share, bufferSize: 1);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
