using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>SQL without what does not count: comments, whitespace, the case of words, the quotes around names.</summary>
internal static class SqlMeaning
{
    /// <summary>The tokens that count, in order.</summary>
    public static List<SqlToken> Tokens(string sql) => [.. SqlLexer.Read(sql).Where(t => t.Kind != SqlTokenKind.Comment)];

    /// <summary>One text for all spellings.</summary>
    public static string Of(string sql) => Of(Tokens(sql));

    /// <summary>One text for all spellings.</summary>
    public static string Of(IEnumerable<SqlToken> tokens) => string.Join(' ', tokens.Select(t => t.IsName ? t.Name.ToLowerInvariant() : t.Text));

    /// <summary>The index of the parenthesis that closes the one at <paramref name="open"/>; the last token's when none does.</summary>
    public static int Close(IReadOnlyList<SqlToken> tokens, int open)
    {
        var depth = 0;
        for (var i = open; i < tokens.Count; i++)
        {
            if (tokens[i].IsSymbol("("))
                depth++;
            else if (tokens[i].IsSymbol(")") && --depth == 0)
                return i;
        }

        return tokens.Count - 1;
    }
}
