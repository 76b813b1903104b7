using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>The parts that a CREATE TABLE lists between its parentheses.</summary>
/// <param name="Tokens">The whole statement, comments left out.</param>
/// <param name="Open">Index of the opening parenthesis.</param>
/// <param name="Close">Index of the closing one.</param>
/// <param name="Parts">What stands between the commas: a column each, or one or more constraints of the table.</param>
internal sealed record TableParts(IReadOnlyList<SqlToken> Tokens, int Open, int Close, IReadOnlyList<List<SqlToken>> Parts)
{
    private static readonly string[] ConstraintWords = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];

    /// <summary>Takes a definition apart; null for one without a list (a virtual table, CREATE TABLE ... AS SELECT).</summary>
    public static TableParts? Read(string sql)
    {
        var tokens = SqlMeaning.Tokens(sql);
        var open = tokens.FindIndex(t => t.IsSymbol("(") || t.Is("AS"));
        if (open < 0 || tokens[open].Is("AS") || tokens[1].Is("VIRTUAL"))
            return null;
        var close = SqlMeaning.Close(tokens, open);
        var parts = new List<List<SqlToken>>();
        var start = open + 1;
        for (var i = start; i <= close; i++)
        {
            if (tokens[i].IsSymbol("("))
                i = SqlMeaning.Close(tokens, i);
            else if (i == close || tokens[i].IsSymbol(","))
            {
                if (i > start)
                    parts.Add(tokens.GetRange(start, i - start));
                start = i + 1;
            }
        }

        return new TableParts(tokens, open, close, parts);
    }

    /// <summary>Whether a part is made of constraints of the table, rather than a column.</summary>
    public static bool IsConstraint(List<SqlToken> part) => ConstraintWords.Any(part[0].Is);

    /// <summary>The constraints of a part: SQLite does not ask for commas between them.</summary>
    public static IEnumerable<List<SqlToken>> Constraints(List<SqlToken> part)
    {
        var start = 0;
        for (var i = 1; i < part.Count; i++)
        {
            if (part[i].IsSymbol("("))
                i = SqlMeaning.Close(part, i);
            // CONSTRAINT name CHECK (...): the name and what it names belong together.
            else if (ConstraintWords.Any(part[i].Is) && !(i - start <= 2 && part[start].Is("CONSTRAINT")))
            {
                yield return part.GetRange(start, i - start);
                start = i;
            }
        }

        yield return part.GetRange(start, part.Count - start);
    }
}
