using System.Text;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>SQL without what does not count: comments, whitespace, the case of words, the quotes around names.</summary>
internal static class SqlMeaning
{
    /// <summary>The tokens that count, in order.</summary>
    public static List<SqlToken> Tokens(string sql) => [.. SqlLexer.Read(sql).Where(t => t.Kind != SqlTokenKind.Comment)];

    /// <summary>One text for all spellings.</summary>
    public static string Of(string sql)
    {
        var meaning = new StringBuilder(sql.Length);
        Append(meaning, sql);
        return meaning.ToString();
    }

    /// <summary>Appends what <see cref="Of(string)"/> returns.</summary>
    public static void Append(StringBuilder meaning, string sql)
    {
        var isFirst = true;
        var lexer = new SqlLexer(sql);
        while (lexer.MoveNext())
        {
            if (lexer.Kind == SqlTokenKind.Comment)
                continue;
            if (!isFirst)
                meaning.Append(' ');
            isFirst = false;
            if (lexer.Kind == SqlTokenKind.Word)
                AppendLower(meaning, lexer.Text);
            else if (lexer.Kind == SqlTokenKind.QuotedName)
                meaning.Append(new SqlToken(lexer.Kind, lexer.Text.ToString(), lexer.Start, lexer.Line).Name.ToLowerInvariant());
            else
                meaning.Append(lexer.Text);
        }
    }

    /// <summary>One text for all spellings.</summary>
    public static string Of(IEnumerable<SqlToken> tokens) => string.Join(' ', tokens.Select(Of));

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

    private static void AppendLower(StringBuilder meaning, ReadOnlySpan<char> word)
    {
        foreach (var c in word)
            meaning.Append(char.ToLowerInvariant(c));
    }

    private static string Of(SqlToken token) => token.IsName ? token.Name.ToLowerInvariant() : token.Text;
}
