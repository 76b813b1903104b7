using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Optimization.Indexes;

/// <summary>An index as far as it can make another one superfluous.</summary>
/// <param name="Name">Its name; for the rowid, the primary key's.</param>
/// <param name="Table">Its table.</param>
/// <param name="Key">Its columns with order and collation, or expressions, by meaning.</param>
/// <param name="Where">Its condition by meaning; empty without one.</param>
/// <param name="IsUnique">Whether it keeps rows apart.</param>
/// <param name="Sql">Its definition; null for what a constraint made, which cannot be dropped.</param>
internal sealed record KnownIndex(string Name, string Table, string Key, string Where, bool IsUnique, string? Sql)
{
    /// <summary>All of the product's tables, those of constraints and primary keys included.</summary>
    public static IReadOnlyList<KnownIndex> Read(SqliteConnection connection)
    {
        var schema = SchemaModelReader.Read(connection);
        var indexes = schema.Indexes.Values.Select(i => new KnownIndex(i.Name, i.Table, i.Key, i.Where, i.IsUnique, i.Sql)).ToList();
        foreach (var table in schema.Tables.Values)
        {
            foreach (var name in connection.Texts("SELECT name FROM pragma_index_list($table) WHERE origin <> 'c'", ("$table", table.Name)))
            {
                var key = string.Join(", ", connection.Texts(
                    "SELECT lower(name) || iif(\"desc\", ' desc', '') || ' ' || lower(coll) FROM pragma_index_xinfo($name) WHERE key = 1 ORDER BY seqno", ("$name", name)));
                indexes.Add(new KnownIndex(name, table.Name, key, "", IsUnique: true, Sql: null));
            }

            if (table.Columns.Values.FirstOrDefault(c => c.IsRowId) is { } rowid)
                indexes.Add(new KnownIndex($"the primary key of {table.Name}", table.Name, $"{rowid.Name.ToLowerInvariant()} binary", "", IsUnique: true, Sql: null));
        }

        return indexes;
    }

    /// <summary>A migration that drops it.</summary>
    public string DropScript() => $"-- threatlens: description Drop the index {Name}\n\nDROP INDEX {DatabaseContent.Quote(Name)};\n\n-- The down script:\n-- {Sql?.ReplaceLineEndings("\n-- ")};\n";

    /// <summary>A migration that creates it.</summary>
    public string CreateScript() => $"-- threatlens: description Create the index {Name}\n\n{Sql};\n\n-- The down script:\n-- DROP INDEX {DatabaseContent.Quote(Name)};\n";
}
