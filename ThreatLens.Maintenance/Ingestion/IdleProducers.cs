using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>When producers that send nothing are looked for: at a hello, once an hour at most. Thread-safe.</summary>
internal sealed class IdleProducers(TimeSpan retention, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private readonly Lock _lock = new();
    private long? _lookedAt;

    /// <returns>Whoever sent nothing since then, as the database writes times, is to be forgotten; null: it is not time to look.</returns>
    public string? Since()
    {
        lock (_lock)
        {
            if (_lookedAt is { } last && time.GetElapsedTime(last) < Interval)
                return null;
            _lookedAt = time.GetTimestamp();
            return SqliteTimestamp.Format(time.GetUtcNow() - retention);
        }
    }
}
