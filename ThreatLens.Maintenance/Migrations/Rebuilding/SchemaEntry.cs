using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Rebuilding;

/// <summary>A row of sqlite_master that has SQL, SQLite's own tables left out.</summary>
internal sealed record SchemaEntry(string Type, string Name, string Table, string Sql)
{
    /// <summary>"view name", as messages and sets have it.</summary>
    public string Label => Type == "table" ? $"foreign key of {Name}" : $"{Type} {Name}";

    /// <summary>In which order a schema can be made.</summary>
    public int Order => Type switch
    {
        "table" => Sql.StartsWith("CREATE VIRTUAL", StringComparison.OrdinalIgnoreCase) ? 0 : 1,
        "index" => 2,
        "view" => 3,
        _ => 4,
    };

    /// <summary>What fires a trigger: INSERT, DELETE or UPDATE.</summary>
    public string Event => Words.Skip(3).FirstOrDefault(w => w.Is("INSERT") || w.Is("DELETE") || w.Is("UPDATE"))?.Text.ToUpperInvariant() ?? "";

    private List<SqlToken> Words => field ??= SqlMeaning.Tokens(Sql);

    /// <summary>The entries as a connection sees them, in the order they were made.</summary>
    public static IReadOnlyList<SchemaEntry> Read(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = @"SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY rowid";
        using var reader = command.ExecuteReader();
        var entries = new List<SchemaEntry>();
        while (reader.Read())
            entries.Add(new SchemaEntry(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3)));
        return entries;
    }

    /// <summary>Whether it hangs on this table.</summary>
    public bool IsOn(string table) => SqlNames.AreSame(Table, table);

    /// <summary>Whether its SQL has this name in it.</summary>
    public bool Mentions(string name) => Words.Any(w => w.IsName && w.Names(name));

    /// <summary>Whether it is a trigger that waits for an update of this column and no other.</summary>
    public bool WaitsFor(string column)
    {
        var of = Words.FindIndex(w => w.Is("OF"));
        if (Type != "trigger" || of < 1 || !Words[of - 1].Is("UPDATE"))
            return false;
        return Words.Skip(of + 1).TakeWhile(w => !w.Is("ON")).Any(w => w.IsName && w.Names(column));
    }
}
