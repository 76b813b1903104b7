using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>What a CREATE TABLE says and no pragma tells: the text of each column, the CHECK conditions, AUTOINCREMENT.</summary>
internal sealed class TableDefinition
{
    private static readonly string[] ConstraintWords = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];

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
        var tokens = SqlMeaning.Tokens(sql);
        var open = tokens.FindIndex(t => t.IsSymbol("("));
        if (open < 0 || tokens.Count < 2 || tokens[1].Is("VIRTUAL"))
            return definition;
        var close = SqlMeaning.Close(tokens, open);
        var start = open + 1;
        for (var i = start; i <= close; i++)
        {
            if (tokens[i].IsSymbol("("))
                i = SqlMeaning.Close(tokens, i);
            else if (i == close || tokens[i].IsSymbol(","))
            {
                definition.ReadPart(sql, tokens.GetRange(start, i - start));
                start = i + 1;
            }
        }

        return definition;
    }

    private void ReadPart(string sql, List<SqlToken> part)
    {
        if (part.Count == 0)
            return;
        for (var i = 0; i + 1 < part.Count; i++)
        {
            if (part[i].Is("CHECK") && part[i + 1].IsSymbol("("))
                _checks.Add(SqlMeaning.Of(part.GetRange(i + 2, SqlMeaning.Close(part, i + 1) - i - 2)));
        }

        if (ConstraintWords.Any(part[0].Is))
            return;
        HasAutoIncrement |= part.Any(t => t.Is("AUTOINCREMENT"));
        _columns[part[0].Name] = sql[part[0].Start..part[^1].End];
    }
}
