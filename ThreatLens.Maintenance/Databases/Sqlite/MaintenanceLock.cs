using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// An exclusive lock between processes: the operating system's advisory lock (flock) on an open sidecar file. The system frees it when its
/// process ends, however it ends, so that there is nothing to clean up after a crash. The file stays: deleting it would let two
/// processes lock two different files of one name. While held it says in JSON who holds it. Thread-safe.
/// </summary>
public sealed class MaintenanceLock : IDisposable
{
    private const int MostLooks = 5;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private FileStream? _file;

    private MaintenanceLock(FileStream file, LockOwner owner)
    {
        _file = file;
        Owner = owner;
    }

    /// <summary>What the file says about this holder.</summary>
    public LockOwner Owner { get; }

    /// <summary>Takes the lock if it is free.</summary>
    /// <param name="path">Path of the sidecar file; created when missing, in a directory that must exist.</param>
    /// <param name="owner">Who takes it; <see cref="LockOwner.Since"/> is set here.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The lock, to be disposed; null when another process, or another holder in this one, has it.</returns>
    /// <exception cref="MaintenanceException">DATABASE_DIRECTORY_MISSING; DATABASE_READ_ONLY when the file may not be written.</exception>
    public static MaintenanceLock? TryAcquire(string path, LockOwner owner, TimeProvider time)
    {
        if (OpenExclusively(path) is not { } file && !TryAgain(path, out file))
            return null;
        try
        {
            var holder = owner with { Since = time.GetUtcNow().ToUniversalTime() };
            file.SetLength(0);
            file.Write(Describe(holder));
            file.Flush();
            return new MaintenanceLock(file, holder);
        }
        catch (IOException e)
        {
            file.Dispose();
            throw Unwritable(path, e);
        }
    }

    /// <summary>Takes the lock, or says who holds it.</summary>
    /// <param name="path">Path of the sidecar file.</param>
    /// <param name="owner">Who takes it.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="MaintenanceException">OPERATION_CONFLICT naming the holder; or as <see cref="TryAcquire"/>.</exception>
    public static MaintenanceLock Acquire(string path, LockOwner owner, TimeProvider time)
    {
        for (var look = 1; ; look++)
        {
            if (TryAcquire(path, owner, time) is { } taken)
                return taken;
            // A holder that can no longer be named has let go between the two looks.
            if (ReadOwner(path) is var holder && (holder is not null || look == MostLooks))
                throw HeldBy(holder);
        }
    }

    /// <summary>Takes the lock, waiting for it while another holds it. Asks every 100 ms; not fair.</summary>
    /// <param name="path">Path of the sidecar file.</param>
    /// <param name="owner">Who takes it.</param>
    /// <param name="timeout">How long to wait at most; zero asks once, <see cref="Timeout.InfiniteTimeSpan"/> never gives up.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="MaintenanceException">OPERATION_CONFLICT naming the holder when the time is over; or as <see cref="TryAcquire"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<MaintenanceLock> AcquireAsync(
        string path, LockOwner owner, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken = default)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryAcquire(path, owner, time) is { } taken)
                return taken;
            var left = timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
                return Acquire(path, owner, time);
            await Task.Delay(left < PollInterval ? left : PollInterval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Who holds the lock, or, when nobody does, who was holding it when their process died. Ask it to explain why the lock could not be
    /// taken, not to find out whether it can. Does not disturb the lock.
    /// </summary>
    /// <param name="path">Path of the sidecar file.</param>
    /// <returns>The owner; null when the file is missing, empty (the last holder let go), or half-written.</returns>
    public static LockOwner? ReadOwner(string path)
    {
        try
        {
            var text = UnlockedFile.ReadAllBytes(path);
            return text.Length == 0 ? null : JsonSerializer.Deserialize<LockOwner>(text, JsonSerializerOptions.Web);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static MaintenanceException HeldBy(LockOwner? owner)
    {
        if (owner is null)
            return new MaintenanceException(ErrorKind.Aborted, ErrorReasons.OperationConflict, "Another process is changing this database; wait for its end, then try again.") { RetryAfter = Retry };

        var since = SqliteTimestamp.Format(owner.Since);
        return new MaintenanceException(
            ErrorKind.Aborted,
            ErrorReasons.OperationConflict,
            $"Another process is changing this database: {owner.Owner} (process {owner.Pid} on {owner.Host}, since {since} UTC); wait for its end, then try again.")
        {
            OperationId = owner.OperationId,
            RetryAfter = Retry,
            Metadata = new Dictionary<string, string>
            {
                ["owner"] = owner.Owner,
                ["pid"] = owner.Pid.ToString(CultureInfo.InvariantCulture),
                ["host"] = owner.Host,
                ["since"] = since,
            },
        };
    }

    /// <summary>Empties the file and frees the lock. More than once does no harm.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _file, null) is not { } file)
            return;
        using (file)
            file.SetLength(0);
    }

    // A holder without a name is just coming, or just going: in a moment it can be named, or the lock is free.
    private static bool TryAgain(string path, [NotNullWhen(true)] out FileStream? file)
    {
        FileStream? opened = null;
        SpinWait.SpinUntil(() => ReadOwner(path) is not null || (opened = OpenExclusively(path)) is not null, Moment);
        file = opened;
        return file is not null;
    }

    // Written by hand: the serializer's preparations cost a process that has just started 30 ms, the JSON writer's 5.
    private static byte[] Describe(LockOwner owner) => Encoding.UTF8.GetBytes(string.Concat(
        "{\"owner\":" + Quoted(owner.Owner),
        ",\"operationId\":" + (owner.OperationId is { } operation ? Quoted(operation) : "null"),
        ",\"pid\":" + owner.Pid.ToString(CultureInfo.InvariantCulture) + ",\"host\":" + Quoted(owner.Host),
        ",\"since\":\"" + owner.Since.ToString("O", CultureInfo.InvariantCulture) + "\"}"));

    private static string Quoted(string text)
    {
        var json = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            if (c is '"' or '\\')
                json.Append('\\').Append(c);
            else if (c < ' ' || char.IsSurrogate(c))
                json.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            else
                json.Append(c);
        }

        return json.Append('"').ToString();
    }

    private static FileStream? OpenExclusively(string path)
    {
        try
        {
            // On Unix FileShare.None takes flock(LOCK_EX | LOCK_NB). On Windows sharing for reading keeps other writers out and readers in.
            var share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share, bufferSize: 1);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new MaintenanceException(
                ErrorKind.FailedPrecondition, ErrorReasons.DatabaseDirectoryMissing, $"The directory of {path} does not exist.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.DatabaseReadOnly, $"{path} cannot be written.", e);
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
        catch (IOException e)
        {
            throw Unwritable(path, e);
        }
    }

    // The platform's own codes again: ENOSPC and EDQUOT, EROFS.
    private static MaintenanceException Unwritable(string path, IOException e) => e.HResult switch
    {
        28 or 122 => new(ErrorKind.ResourceExhausted, ErrorReasons.DatabaseFull, $"{path} cannot be written: the disk is full.", e),
        30 => new(ErrorKind.FailedPrecondition, ErrorReasons.DatabaseReadOnly, $"{path} cannot be written: the file system is read-only.", e),
        _ => new(ErrorKind.FailedPrecondition, ErrorReasons.DatabaseUnreadable, $"{path} cannot be opened: {e.Message}", e),
    };

    // .NET raises the platform's own code: EWOULDBLOCK (11 on Linux, 35 on macOS), ERROR_SHARING_VIOLATION or ERROR_LOCK_VIOLATION.
    private static bool IsHeld(IOException e) =>
        OperatingSystem.IsWindows() ? (e.HResult & 0xFFFF) is 32 or 33 : e.HResult is 11 or 35;
}
