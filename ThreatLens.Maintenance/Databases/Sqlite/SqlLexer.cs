namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// Cuts SQL text into tokens by SQLite's rules (sqlite.org/lang.html, tokenize.c). It knows words from strings, names and comments and
/// nothing of grammar: where a statement ends is asked of SQLite itself.
/// </summary>
internal sealed class SqlLexer(string sql)
{
    private static readonly string[] LongSymbols = ["->>", "->", "||", "<=", ">=", "<>", "!=", "==", "<<", ">>"];

    private int _at;
    private int _nextLine = 1;

    /// <summary>What the current token is.</summary>
    public SqlTokenKind Kind { get; private set; }

    /// <summary>Index of its first character.</summary>
    public int Start { get; private set; }

    /// <summary>Its line, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>It, as written.</summary>
    public ReadOnlySpan<char> Text => sql.AsSpan(Start, _at - Start);

    /// <summary>All tokens in order, whitespace left out.</summary>
    public static IEnumerable<SqlToken> Read(string sql)
    {
        var lexer = new SqlLexer(sql);
        while (lexer.MoveNext())
            yield return new SqlToken(lexer.Kind, lexer.Text.ToString(), lexer.Start, lexer.Line);
    }

    /// <summary>Goes to the next token; false at the end.</summary>
    public bool MoveNext()
    {
        while (_at < sql.Length && IsSpace(sql[_at]))
        {
            if (sql[_at] == '\n')
                _nextLine++;
            _at++;
        }

        if (_at >= sql.Length)
            return false;

        (Start, Line) = (_at, _nextLine);
        var piece = Measure();
        Kind = piece.Kind;
        _at += piece.Length;
        // Words and symbols have no line ends within.
        if (Kind is not (SqlTokenKind.Word or SqlTokenKind.Symbol))
            _nextLine += Text.Count('\n');
        return true;
    }

    private Piece Measure()
    {
        var rest = sql.AsSpan(_at);
        return rest[0] switch
        {
            '-' when rest.StartsWith("--") => new(SqlTokenKind.Comment, LineLength(rest)),
            '/' when rest.StartsWith("/*") => new(SqlTokenKind.Comment, BlockLength(rest)),
            '\'' => Quoted(rest, '\'', SqlTokenKind.Literal),
            '"' => Quoted(rest, '"', SqlTokenKind.QuotedName),
            '`' => Quoted(rest, '`', SqlTokenKind.QuotedName),
            '[' => Bracketed(rest),
            'x' or 'X' when rest.Length > 1 && rest[1] == '\'' => Blob(rest),
            '?' or ':' or '@' or '$' => new(SqlTokenKind.Parameter, 1 + WordLength(rest[1..])),
            var c when IsWord(c) => new(SqlTokenKind.Word, WordLength(rest)),
            _ => new(SqlTokenKind.Symbol, SymbolLength(rest)),
        };
    }

    // A byte order mark before a word is nothing to SQLite, wherever it stands (files that were put together have some): a COMMIT behind it is one.
    private static bool IsSpace(char c) => c is ' ' or '\t' or '\n' or '\f' or '\r' or '\uFEFF';

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' || c >= 0x80;

    private static int WordLength(ReadOnlySpan<char> rest)
    {
        var length = 0;
        while (length < rest.Length && IsWord(rest[length]))
            length++;
        return length;
    }

    private static int LineLength(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf('\n');
        return end < 0 ? rest.Length : end;
    }

    // SQLite accepts a block comment that the text ends within.
    private static int BlockLength(ReadOnlySpan<char> rest)
    {
        var end = rest[2..].IndexOf("*/");
        return end < 0 ? rest.Length : end + 4;
    }

    private static Piece Quoted(ReadOnlySpan<char> rest, char quote, SqlTokenKind kind)
    {
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] != quote)
                continue;
            // A doubled quote stands for itself.
            if (i + 1 < rest.Length && rest[i + 1] == quote)
                i++;
            else
                return new(kind, i + 1);
        }

        return new(SqlTokenKind.Unterminated, rest.Length);
    }

    private static Piece Bracketed(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf(']');
        return end < 0 ? new(SqlTokenKind.Unterminated, rest.Length) : new(SqlTokenKind.QuotedName, end + 1);
    }

    private static Piece Blob(ReadOnlySpan<char> rest)
    {
        var literal = Quoted(rest[1..], '\'', SqlTokenKind.Literal);
        return literal with { Length = literal.Length + 1 };
    }

    private static int SymbolLength(ReadOnlySpan<char> rest)
    {
        if (rest[0] is '(' or ')' or ',' or ';' or '.')
            return 1;
        foreach (var symbol in LongSymbols)
        {
            if (rest.StartsWith(symbol))
                return symbol.Length;
        }

        return 1;
    }

    private readonly record struct Piece(SqlTokenKind Kind, int Length);
}
