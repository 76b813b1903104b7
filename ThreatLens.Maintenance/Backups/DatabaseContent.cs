using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Backups;

/// <summary>What a database holds, as far as a copy of it must hold the same: every object of the schema, and the rows of every table.</summary>
internal sealed record DatabaseContent(IReadOnlyList<string> Schema, IReadOnlyDictionary<string, long> Rows)
{
    // Virtual tables have no pages of their own (rootpage 0); the tables behind them are counted.
    private const string RealTables = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name";

    /// <summary>Reads it over this connection; within a transaction all of it is of one moment.</summary>
    public static DatabaseContent Read(SqliteConnection connection)
    {
        var schema = ReadSchema(connection);
        var rows = connection.Texts(RealTables).ToDictionary(t => t, t => (long)connection.Scalar($"SELECT count(*) FROM {Quote(t)}")!, StringComparer.Ordinal);
        return new DatabaseContent(schema, rows);
    }

    /// <summary>The objects of the schema with their SQL, and the numbers that applications keep in the header.</summary>
    public static IReadOnlyList<string> ReadSchema(SqliteConnection connection) =>
    [
        $"user_version {connection.Pragma("user_version")}", $"application_id {connection.Pragma("application_id")}",
        .. connection.Texts("SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY type, name"),
    ];

    /// <summary>What the other one has differently; null when nothing.</summary>
    public string? DifferenceFrom(DatabaseContent copy)
    {
        if (Schema.Except(copy.Schema, StringComparer.Ordinal).Concat(copy.Schema.Except(Schema, StringComparer.Ordinal)).FirstOrDefault() is { } line)
            return $"the schema differs in: {line}";
        var table = Rows.Keys.Union(copy.Rows.Keys, StringComparer.Ordinal).FirstOrDefault(t => Rows.GetValueOrDefault(t, -1) != copy.Rows.GetValueOrDefault(t, -1));
        return table is null ? null : $"table {table} has {Rows.GetValueOrDefault(table)} rows, its copy {copy.Rows.GetValueOrDefault(table)}";
    }

    /// <summary>
    /// What of it an original must hold, too, once the service's own tables were brought into their present form: of those the rows, and only of
    /// tables that the original has.
    /// </summary>
    public DatabaseContent ComparableWith(DatabaseContent original) => new(
        [.. Schema.Where(line => !IsOfOwnTable(line))],
        Rows.Where(t => !IsOwn(t.Key) || original.Rows.ContainsKey(t.Key)).ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal));

    private static bool IsOfOwnTable(string line) => line.Split(' ', 4) is [_, _, var table, ..] && IsOwn(table);

    private static bool IsOwn(string table) => table.StartsWith("maintenance_", StringComparison.Ordinal);

    /// <summary>A name as SQL takes it.</summary>
    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
