using Microsoft.Data.Sqlite;
using ThreatLens.Benchmarks.Contenders;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>What a run made, so that none is fast by doing less.</summary>
internal static class ResultingSchema
{
    // Each contender's own tables.
    private static readonly HashSet<string> Histories = new(StringComparer.OrdinalIgnoreCase)
    {
        "history", "schema_migrations", "SchemaVersions", "changelog", "VersionInfo", "__EFMigrationsHistory", "__EFMigrationsLock", "sqlite_sequence",
    };

    /// <summary>The product's objects, one a line, whitespace within their SQL aside.</summary>
    public static string Read(string folder)
    {
        using var connection = new SqliteConnection(BenchmarkFile.ConnectionString(folder));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name";
        using var reader = command.ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
        {
            if (Histories.Contains(reader.GetString(2)))
                continue;
            var sql = reader.IsDBNull(3) ? "" : string.Join(' ', reader.GetString(3).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            lines.Add($"{reader.GetString(0)} {reader.GetString(1)}: {sql}");
        }

        return string.Join('\n', lines);
    }
}
