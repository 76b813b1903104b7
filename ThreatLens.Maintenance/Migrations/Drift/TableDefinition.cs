using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>What a CREATE TABLE says and no pragma tells: the text of each column, the CHECK conditions, AUTOINCREMENT.</summary>
internal sealed class TableDefinition
{
    private readonly Dictionary<string, string> _columns = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _checks = new(StringComparer.Ordinal);

    private TableDefinition()
    {
    }

    /// <summary>The text of each column by its name.</summary>
    public IReadOnlyDictionary<string, string> Columns => _columns;

    public IReadOnlySet<string> Checks => _checks;

    public bool HasAutoIncrement { get; private set; }

    /// <summary>Takes a definition apart; one that has no list of columns (a virtual table) has nothing to tell.</summary>
    public static TableDefinition Parse(string sql)
    {
        var definition = new TableDefinition();
        foreach (var part in TableParts.Read(sql)?.Parts ?? [])
            definition.ReadPart(sql, part);
        return definition;
    }

    private void ReadPart(string sql, List<SqlToken> part)
    {
        for (var i = 0; i + 1 < part.Count; i++)
        {
            if (part[i].Is("CHECK") && part[i + 1].IsSymbol("("))
                _checks.Add(SqlMeaning.Of(part.GetRange(i + 2, SqlMeaning.Close(part, i + 1) - i - 2)));
        }

        if (TableParts.IsConstraint(part))
            return;
        HasAutoIncrement |= part.Any(t => t.Is("AUTOINCREMENT"));
        _columns[part[0].Name] = sql[part[0].Start..part[^1].End];
    }
}
