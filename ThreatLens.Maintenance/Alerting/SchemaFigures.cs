using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;
using static ThreatLens.Maintenance.Alerting.AlertInstruments;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>Whether the schema is what this service's migrations make. Compared anew when SQLite says that the schema is another one.</summary>
internal sealed class SchemaFigures(SqliteDatabase database, MigrationEngine migrations, TimeProvider time) : IAlertFigureSource
{
    // A file that was put in place of this one may have the same number.
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);
    private (long Version, long At, int Differences)? _last;

    public IEnumerable<AlertFigure> Read(DateTimeOffset now)
    {
        if (!database.FileExists)
            yield break;
        var status = migrations.GetStatus();
        yield return new(SchemaPending, status.Pending.Count());
        if (status.CurrentVersion is not null)
            yield return new(SchemaDrift, CountDifferences());
    }

    private int CountDifferences()
    {
        var version = SqliteSession.Read(database, "reading the schema's version", session => session.Query("PRAGMA schema_version", row => row.GetInt64(0))[0]);
        if (_last is not var (known, at, differences) || known != version || time.GetElapsedTime(at) >= MaxAge)
        {
            differences = migrations.Validate().Differences.Count(d => d.Severity > SchemaDifferenceSeverity.Info);
            _last = (version, time.GetTimestamp(), differences);
        }

        return differences;
    }
}
