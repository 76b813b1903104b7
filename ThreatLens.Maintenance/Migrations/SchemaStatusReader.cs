using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Compares a database's history with a catalog.</summary>
internal static class SchemaStatusReader
{
    // Recorded by the original application without ever being run; its tables are not ours. See KnownForeign in SchemaStatus.
    private const string OriginalAuthVersion = "004_add_auth_audit_tables";

    private static readonly string[] MetricColumns = ["source_name", "metric_type", "metric_value", "timestamp", "metric_metadata"];

    /// <summary>The status of a database whose file does not exist.</summary>
    public static SchemaStatus OfMissingDatabase(MigrationCatalog catalog) =>
        Compare(catalog, HistorySnapshot.None) with { DatabaseExists = false };

    /// <summary>The status as this connection sees it; within a transaction it stays true.</summary>
    /// <exception cref="Errors.MaintenanceException">HISTORY_UNREADABLE.</exception>
    public static SchemaStatus Read(SqliteConnection connection, MigrationCatalog catalog) =>
        Compare(catalog, SchemaHistory.Read(connection)) with { CanTakeMetrics = MetricColumns.All(c => connection.HasColumn("processing_metrics", c)) };

    /// <summary>What the history alone tells; whether metrics can be taken is not looked at, and false.</summary>
    public static SchemaStatus Compare(MigrationCatalog catalog, HistorySnapshot history)
    {
        var recorded = new Dictionary<string, HistoryRow>(StringComparer.Ordinal);
        var states = new List<MigrationState>(catalog.Migrations.Count);
        foreach (var row in history.Rows)
        {
            if (recorded.TryAdd(row.Version, row) && catalog.Find(row.Version) is null)
                states.Add(Foreign(row));
        }

        foreach (var migration in catalog.Migrations)
            states.Add(Known(migration, recorded.GetValueOrDefault(migration.Version.Id)));
        states.Sort(static (one, other) => one.Version.CompareTo(other.Version));
        return new SchemaStatus
        {
            DatabaseExists = true,
            CurrentVersion = states.LastOrDefault(s => s.State == MigrationStateKind.Applied)?.Version,
            LatestVersion = catalog.Latest,
            Migrations = states,
            IsNewerThanService = states.Any(s => s.State == MigrationStateKind.Unknown && s.Version.Number > (catalog.Latest?.Number ?? -1)),
            CanTakeMetrics = false,
            Unfinished = history.Unfinished,
        };
    }

    private static MigrationState Known(Migration migration, HistoryRow? row) => new()
    {
        Version = migration.Version,
        Description = migration.Description,
        State = row is null ? MigrationStateKind.Pending : MigrationStateKind.Applied,
        AppliedAt = AppliedAt(row),
        StoredChecksum = row?.Checksum,
        ExpectedChecksum = migration.Checksum,
    };

    private static MigrationState Foreign(HistoryRow row) => new()
    {
        Version = MigrationVersion.FromHistory(row.Version),
        Description = row.Description,
        State = row is { Version: OriginalAuthVersion, Checksum: null } ? MigrationStateKind.KnownForeign : MigrationStateKind.Unknown,
        AppliedAt = AppliedAt(row),
        StoredChecksum = row.Checksum,
    };

    private static DateTimeOffset? AppliedAt(HistoryRow? row) =>
        SqliteTimestamp.TryParse(row?.AppliedAt, out var appliedAt) ? appliedAt : null;
}
