using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Rebuilding;

/// <summary>
/// Derives the definition of a table without one of its columns, everything else left as it is written. The table's own CHECK, UNIQUE and
/// FOREIGN KEY constraints in which the column takes part go with it, as they do in PostgreSQL; a key and a generated column do not.
/// </summary>
internal static class ColumnRemoval
{
    /// <summary>The definition without the column.</summary>
    /// <param name="sql">The definition as stored.</param>
    /// <param name="column">The column to leave out.</param>
    /// <exception cref="RebuildRefusedException">The column is part of the primary key, or a generated column is computed from it.</exception>
    public static string Derive(string sql, string column)
    {
        var parts = TableParts.Read(sql) ?? throw new RebuildRefusedException("its definition has no list of columns");
        var kept = parts.Parts
            .Where(part => TableParts.IsConstraint(part) || !NameOf(part[0]).Names(column))
            .SelectMany(part => TableParts.IsConstraint(part) ? Constraints(sql, part, column) : [Column(sql, part, column)])
            .ToList();
        var dropped = parts.Parts.FirstOrDefault(part => !TableParts.IsConstraint(part) && NameOf(part[0]).Names(column));
        if (dropped?.Any(t => t.Is("PRIMARY")) == true)
            throw InPrimaryKey(column);
        var head = sql[..parts.Tokens[parts.Open].End];
        return $"{head}\n    {string.Join(",\n    ", kept)}\n{sql[parts.Tokens[parts.Close].Start..]}";
    }

    private static IEnumerable<string> Constraints(string sql, List<SqlToken> part, string column)
    {
        foreach (var constraint in TableParts.Constraints(part))
        {
            var open = constraint.FindIndex(t => t.IsSymbol("("));
            // FOREIGN KEY (a) REFERENCES t (b): only the first list is of this table's columns.
            if (open < 0 || !Mentions(constraint, open, column))
                yield return Text(sql, constraint);
            else if (constraint.Take(open).Any(t => t.Is("PRIMARY")))
                throw InPrimaryKey(column);
        }
    }

    // Only a CHECK, and what a generated column is computed from, can name other columns within a column's definition.
    private static string Column(string sql, List<SqlToken> part, string column)
    {
        var text = "";
        var from = part[0].Start;
        for (var i = 1; i < part.Count; i++)
        {
            if (!part[i].IsSymbol("("))
                continue;
            var close = SqlMeaning.Close(part, i);
            if (part[i - 1].Is("AS") && Mentions(part, i, column))
                throw new RebuildRefusedException($"the generated column {part[0].Name} is computed from {column}");
            if (part[i - 1].Is("CHECK") && Mentions(part, i, column))
            {
                var start = i >= 3 && part[i - 3].Is("CONSTRAINT") ? i - 3 : i - 1;
                text += sql[from..part[start].Start].TrimEnd();
                from = part[close].End;
            }

            i = close;
        }

        return text + sql[from..part[^1].End];
    }

    // A word before a parenthesis is a function, one after COLLATE a collation.
    private static bool Mentions(List<SqlToken> part, int open, string column)
    {
        var close = SqlMeaning.Close(part, open);
        for (var i = open + 1; i < close; i++)
        {
            if (part[i].IsName && part[i].Names(column) && !part[i + 1].IsSymbol("(") && !part[i - 1].Is("COLLATE"))
                return true;
        }

        return false;
    }

    // SQLite takes a string for a name where only a name can be.
    private static SqlToken NameOf(SqlToken token) => token.Kind == SqlTokenKind.Literal ? token with { Kind = SqlTokenKind.QuotedName } : token;

    private static string Text(string sql, List<SqlToken> tokens) => sql[tokens[0].Start..tokens[^1].End];

    private static RebuildRefusedException InPrimaryKey(string column) => new($"{column} is part of the primary key");
}
