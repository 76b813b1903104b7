namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>signatures</summary>
public sealed class MaintenanceLock : IDisposable
{
    /// <summary>x</summary>
    public LockOwner Owner => throw new NotImplementedException();

    /// <summary>x</summary>
    public static MaintenanceLock? TryAcquire(string path, LockOwner owner, TimeProvider time) => throw new NotImplementedException();

    /// <summary>x</summary>
    public static Task<MaintenanceLock> AcquireAsync(
        string path, LockOwner owner, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>x</summary>
    public static LockOwner? ReadOwner(string path) => throw new NotImplementedException();

    /// <summary>x</summary>
    public void Dispose() => throw new NotImplementedException();
}
