using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>Reads the product's schema out of a database.</summary>
internal sealed class SchemaModelReader
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, TableModel> _tables = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, IndexModel> _indexes = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, NamedSql> _triggers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, NamedSql> _views = new(StringComparer.OrdinalIgnoreCase);

    private SchemaModelReader(SqliteConnection connection) => _connection = connection;

    /// <summary>Reads it as this connection sees it.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="detailed">Tables to look into; null: all. Of others only the names are read, which works whatever they are.</param>
    public static SchemaModel Read(SqliteConnection connection, Func<string, bool>? detailed = null)
    {
        var reader = new SchemaModelReader(connection);
        reader.ReadObjects(detailed ?? (static _ => true));
        return new SchemaModel { Tables = reader._tables, Indexes = reader._indexes, Triggers = reader._triggers, Views = reader._views };
    }

    private void ReadObjects(Func<string, bool> detailed)
    {
        var objects = Query(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid",
            row => (Type: row.GetString(0), Name: row.GetString(1), Table: row.GetString(2), Sql: row.GetString(3)));
        foreach (var (type, name, table, sql) in objects.Where(o => SchemaScope.Covers(o.Table)))
        {
            switch (type)
            {
                case "table":
                    _tables[name] = detailed(name) ? ReadTable(name, sql) : new TableModel { Name = name, Sql = sql, Columns = new Dictionary<string, ColumnModel>() };
                    break;
                case "index":
                    _indexes[name] = ReadIndex(name, table, sql);
                    break;
                case "trigger":
                    _triggers[name] = new NamedSql(name, table, sql);
                    break;
                case "view":
                    _views[name] = new NamedSql(name, table, sql);
                    break;
            }
        }
    }

    private TableModel ReadTable(string name, string sql)
    {
        var definition = TableDefinition.Parse(sql);
        var (withoutRowId, strict) = Query(
            "SELECT wr, strict FROM pragma_table_list($name) WHERE schema = 'main'", row => (row.GetBoolean(0), row.GetBoolean(1)), name).FirstOrDefault();
        var columns = ReadColumns(name, definition, withoutRowId);
        var unique = Query(
            "SELECT name, origin FROM pragma_index_list($name) WHERE \"unique\" = 1 AND partial = 0", row => (Name: row.GetString(0), Origin: row.GetString(1)), name)
            .ConvertAll(i => (i.Origin, Columns: string.Join(", ", KeyColumns(i.Name).Order(StringComparer.Ordinal))));
        var key = columns.Where(c => c.KeyPosition > 0).OrderBy(c => c.KeyPosition).Select(c => c.Name.ToLowerInvariant()).ToList();
        return new TableModel
        {
            Name = name,
            Sql = sql,
            Columns = columns.ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase),
            PrimaryKey = string.Join(", ", key),
            UniqueConstraints = unique.Where(u => u.Origin == "u").Select(u => u.Columns).ToHashSet(),
            UniqueKeys = unique.Select(u => u.Columns).Append(string.Join(", ", key.Order(StringComparer.Ordinal))).ToHashSet(),
            ForeignKeys = ReadForeignKeys(name),
            Checks = definition.Checks,
            IsWithoutRowId = withoutRowId,
            IsStrict = strict,
            HasAutoIncrement = definition.HasAutoIncrement,
        };
    }

    private List<ColumnModel> ReadColumns(string table, TableDefinition definition, bool withoutRowId)
    {
        var rows = Query(
            "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo($name) ORDER BY cid",
            row => (Name: row.GetString(0), Type: row.GetString(1), NotNull: row.GetBoolean(2), Default: row.IsDBNull(3) ? null : row.GetString(3), Key: row.GetInt32(4), Hidden: row.GetInt32(5)),
            table);
        var keys = rows.Count(r => r.Key > 0);
        return rows.ConvertAll(r => new ColumnModel
        {
            Name = r.Name,
            Type = r.Type,
            IsNotNull = r.NotNull,
            Default = r.Default,
            KeyPosition = r.Key,
            IsRowId = r.Key > 0 && keys == 1 && !withoutRowId && r.Type.Equals("INTEGER", StringComparison.OrdinalIgnoreCase),
            IsGenerated = r.Hidden > 1,
            Definition = definition.Columns.GetValueOrDefault(r.Name, ""),
        });
    }

    private HashSet<string> ReadForeignKeys(string table) => Query(
        "SELECT id, \"from\", \"table\", \"to\", on_update, on_delete FROM pragma_foreign_key_list($name) ORDER BY id, seq",
        row => (Id: row.GetInt32(0), From: row.GetString(1), Table: row.GetString(2), To: row.IsDBNull(3) ? "its key" : row.GetString(3), Actions: $"on update {row.GetString(4)} on delete {row.GetString(5)}"),
        table)
        .GroupBy(r => r.Id)
        .Select(g => $"({string.Join(", ", g.Select(r => r.From))}) references {g.First().Table} ({string.Join(", ", g.Select(r => r.To))}) {g.First().Actions}".ToLowerInvariant())
        .ToHashSet();

    private IndexModel ReadIndex(string name, string table, string sql)
    {
        var tokens = SqlMeaning.Tokens(sql);
        var open = tokens.FindIndex(t => t.IsSymbol("("));
        var close = SqlMeaning.Close(tokens, open);
        var columns = Query(
            "SELECT cid, name, \"desc\", coll FROM pragma_index_xinfo($name) WHERE key = 1 ORDER BY seqno",
            row => row.GetInt32(0) == -2 ? null : $"{(row.IsDBNull(1) ? "rowid" : row.GetString(1).ToLowerInvariant())}{(row.GetBoolean(2) ? " desc" : "")} {row.GetString(3).ToLowerInvariant()}",
            name);
        // Expressions have no name: then the text between the parentheses is what there is.
        var key = columns.Contains(null) ? SqlMeaning.Of(tokens.GetRange(open + 1, close - open - 1)) : string.Join(", ", columns);
        return new IndexModel(name, table, tokens[1].Is("UNIQUE"), key, ConditionOf(tokens[(close + 1)..]), sql);
    }

    private static string ConditionOf(List<SqlToken> rest)
    {
        var condition = rest.SkipWhile(t => !t.Is("WHERE")).Skip(1).ToList();
        while (condition.Count > 2 && condition[0].IsSymbol("(") && SqlMeaning.Close(condition, 0) == condition.Count - 1)
            condition = condition[1..^1];
        return SqlMeaning.Of(condition);
    }

    private List<string> KeyColumns(string index) => Query(
        "SELECT name FROM pragma_index_xinfo($name) WHERE key = 1", row => row.IsDBNull(0) ? "an expression" : row.GetString(0).ToLowerInvariant(), index);

    private List<T> Query<T>(string sql, Func<SqliteDataReader, T> map, string? name = null)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        if (name is not null)
            command.Parameters.AddWithValue("$name", name);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(map(reader));
        return rows;
    }
}
