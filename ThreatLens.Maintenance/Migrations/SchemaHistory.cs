using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Stepwise;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>One row of the history.</summary>
internal sealed record HistoryRow(string Version, string Description, string? AppliedAt, string? Checksum);

/// <summary>The history as it was read.</summary>
/// <param name="Columns">The table's columns; null when there is no table.</param>
/// <param name="Rows">Its rows, in no particular order.</param>
internal sealed record HistorySnapshot(IReadOnlySet<string>? Columns, IReadOnlyList<HistoryRow> Rows)
{
    public static HistorySnapshot None { get; } = new(null, []);

    /// <summary>A script without a transaction that was begun and is not finished; null when there is none.</summary>
    public UnfinishedMigration? Unfinished { get; init; }
}

/// <summary>
/// The table <c>schema_migrations</c>: the original application's, with nullable columns of our own behind its columns, so that its own
/// tool can still read and write it. "There is no table" and "the table cannot be read" are never confused: taking the second for
/// the first would run every script again.
/// </summary>
internal static class SchemaHistory
{
    /// <summary>Its name.</summary>
    public const string Table = "schema_migrations";

    // The original's own definition, and ours behind it.
    private const string Creation =
        $"""
        CREATE TABLE {Table} (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            version VARCHAR(50) UNIQUE NOT NULL,
            description TEXT NOT NULL,
            applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
            rollback_sql TEXT,
            checksum VARCHAR(64),
            execution_ms INTEGER,
            applied_by TEXT,
            operation_id TEXT,
            fingerprint_before VARCHAR(64),
            fingerprint_after VARCHAR(64)
        )
        """;

    private const string Recording =
        $"""
        INSERT INTO {Table} (version, description, applied_at, rollback_sql, checksum, execution_ms, applied_by, operation_id, fingerprint_before, fingerprint_after)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        """;

    private static readonly string[] OriginalColumns = ["version", "description", "applied_at", "rollback_sql", "checksum"];

    // Our own, as they are defined.
    private static readonly string[] OwnColumns = ["execution_ms", "applied_by", "operation_id", "fingerprint_before", "fingerprint_after"];
    private static readonly string[] OwnTypes = ["INTEGER", "TEXT", "TEXT", "VARCHAR(64)", "VARCHAR(64)"];

    /// <summary>Reads the table.</summary>
    /// <exception cref="MaintenanceException">HISTORY_UNREADABLE.</exception>
    public static HistorySnapshot Read(SqliteConnection connection)
    {
        if (!connection.HasTable(Table) && !IsThere(connection))
            return HistorySnapshot.None;
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {Table}";
        using var reader = command.ExecuteReader();
        var columns = ReadColumns(reader);
        var rows = ReadRows(reader, columns);
        return new HistorySnapshot(columns.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase), rows) { Unfinished = UnfinishedMigration.Read(connection) };
    }

    /// <summary>Whether the table is there with all of our columns.</summary>
    public static bool IsComplete(HistorySnapshot history) => history.Columns is { } columns && Array.TrueForAll(OwnColumns, columns.Contains);

    /// <summary>Creates the table, or adds our columns to it, where they are missing. Within the first migration's transaction.</summary>
    public static void Ensure(SqliteConnection connection, HistorySnapshot history)
    {
        if (history.Columns is not { } columns)
        {
            connection.Execute(Creation);
            return;
        }

        for (var i = 0; i < OwnColumns.Length; i++)
        {
            if (!columns.Contains(OwnColumns[i]))
                connection.Execute($"ALTER TABLE {Table} ADD COLUMN {OwnColumns[i]} {OwnTypes[i]}");
        }
    }

    /// <summary>Records a migration. Within its transaction.</summary>
    public static void Record(
        SqliteConnection connection, Migration migration, DateTimeOffset appliedAt, TimeSpan duration, MigrateCommand command, string before, string after)
    {
        using var insert = new BoundStatement(connection, Recording);
        insert.Bind(1, migration.Version.Id);
        insert.Bind(2, migration.Description);
        insert.Bind(3, SqliteTimestamp.Format(appliedAt));
        insert.Bind(4, migration.DownSql);
        insert.Bind(5, migration.Checksum);
        insert.Bind(6, (long)Math.Round(duration.TotalMilliseconds));
        insert.BindOptional(7, command.AppliedBy);
        insert.BindOptional(8, command.OperationId);
        insert.Bind(9, before);
        insert.Bind(10, after);
        insert.Run();
    }

    /// <summary>Gives a row the checksum of this service's script. Within a transaction.</summary>
    public static void SetChecksum(SqliteConnection connection, Migration migration) => connection.Execute(
        $"UPDATE {Table} SET checksum = $checksum WHERE version = $version", ("$version", migration.Version.Id), ("$checksum", migration.Checksum));

    /// <summary>Writes down the schema as it is now at this version. Within the transaction that changed it.</summary>
    public static void SetFingerprint(SqliteConnection connection, MigrationVersion version, string fingerprint) => connection.Execute(
        $"UPDATE {Table} SET fingerprint_after = $after WHERE version = $version", ("$version", version.Id), ("$after", fingerprint));

    /// <summary>The fingerprint recorded at this version; null when none is.</summary>
    public static string? ReadFingerprint(SqliteConnection connection, HistorySnapshot history, MigrationVersion version) =>
        history.Columns?.Contains("fingerprint_after") == true
            ? connection.Scalar($"SELECT fingerprint_after FROM {Table} WHERE version = $version", ("$version", version.Id)) as string
            : null;

    /// <summary>Removes a migration's row. Within the transaction that undoes it.</summary>
    public static void Remove(SqliteConnection connection, Migration migration) =>
        connection.Execute($"DELETE FROM {Table} WHERE version = $version", ("$version", migration.Version.Id));

    // Looked at where no table was found: something else may have its name, and an error must not be taken for its absence.
    private static bool IsThere(SqliteConnection connection) =>
        connection.Scalar("SELECT type FROM sqlite_master WHERE name = $table COLLATE NOCASE AND type IN ('table', 'view')", ("$table", Table)) switch
        {
            null => false,
            "table" => true,
            var type => throw Unreadable($"it is a {type}"),
        };

    private static Dictionary<string, int> ReadColumns(SqliteDataReader reader)
    {
        var columns = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < reader.FieldCount; i++)
            columns.Add(reader.GetName(i), i);
        var missing = OriginalColumns.Where(c => !columns.ContainsKey(c)).ToList();
        return missing.Count == 0 ? columns : throw Unreadable($"it lacks the columns {string.Join(", ", missing)}, so it is another tool's");
    }

    private static List<HistoryRow> ReadRows(SqliteDataReader reader, Dictionary<string, int> columns)
    {
        var (version, description, appliedAt, checksum) = (columns["version"], columns["description"], columns["applied_at"], columns["checksum"]);
        var rows = new List<HistoryRow>();
        while (reader.Read())
        {
            if (reader.IsDBNull(version))
                throw Unreadable("one of its rows has no version");
            rows.Add(new HistoryRow(reader.GetString(version), Text(reader, description) ?? "", Text(reader, appliedAt), Text(reader, checksum)));
        }

        return rows;
    }

    // An empty text says no more than NULL does.
    private static string? Text(SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) || reader.GetString(column) is not { Length: > 0 } text ? null : text;

    private static MaintenanceException Unreadable(string why) =>
        new(ErrorKind.FailedPrecondition, ErrorReasons.HistoryUnreadable, $"The history table {Table} cannot be understood: {why}. Nothing was changed.");
}
