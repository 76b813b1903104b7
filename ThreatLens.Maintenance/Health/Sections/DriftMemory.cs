using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>
/// What the schema differs in. It is compared when SQLite says that it is another one (<c>schema_version</c>, which each change of it makes one more),
/// when the history is another one, and now and then: a file that was put in place of this one may have the same number. Thread-safe.
/// </summary>
internal sealed class DriftMemory(MigrationEngine migrations, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);
    private readonly Lock _lock = new();
    private (string Key, long At, IReadOnlyList<SchemaDifference> Differences)? _last;

    /// <summary>Differences that matter; those that are mere information are left out.</summary>
    /// <exception cref="Errors.MaintenanceException">They cannot be told.</exception>
    public IReadOnlyList<SchemaDifference> Get(SqliteSession session, SchemaStatus status)
    {
        var version = session.Query("PRAGMA schema_version", row => row.GetInt64(0))[0];
        var key = $"{version} {string.Join(' ', status.Migrations.Select(m => $"{m.Version.Id}={m.State}"))}";
        lock (_lock)
        {
            if (_last is var (known, at, differences) && known == key && time.GetElapsedTime(at) < MaxAge)
                return differences;
            IReadOnlyList<SchemaDifference> found = [.. migrations.Validate(session.Connection).Differences.Where(d => d.Severity > SchemaDifferenceSeverity.Info)];
            _last = (key, time.GetTimestamp(), found);
            return found;
        }
    }
}
