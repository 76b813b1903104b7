namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>Who holds a <see cref="MaintenanceLock"/>.</summary>
/// <param name="Owner">What holds it, in words an operator understands, such as "migrate, requested by alice".</param>
public sealed record LockOwner(string Owner)
{
    /// <summary>The operation the lock is held for; null when none.</summary>
    public string? OperationId { get; init; }

    /// <summary>Process id on <see cref="Host"/>. Default: this process.</summary>
    public int Pid { get; init; } = Environment.ProcessId;

    /// <summary>Name of the machine. Default: this one.</summary>
    public string Host { get; init; } = Environment.MachineName;

    /// <summary>When the lock was taken (UTC); set by the lock itself.</summary>
    public DateTimeOffset Since { get; init; }
}
