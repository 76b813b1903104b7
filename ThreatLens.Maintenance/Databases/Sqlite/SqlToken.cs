namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>What a piece of SQL text is.</summary>
internal enum SqlTokenKind
{
    /// <summary>A keyword, an unquoted name or a number.</summary>
    Word,

    /// <summary>A name in double quotes, backticks or brackets.</summary>
    QuotedName,

    /// <summary>A string or blob literal.</summary>
    Literal,

    /// <summary>An operator or a punctuation mark.</summary>
    Symbol,

    /// <summary>A bind parameter: <c>?1</c>, <c>:a</c>, <c>@a</c>, <c>$a</c>.</summary>
    Parameter,

    /// <summary>A comment, without its line end.</summary>
    Comment,

    /// <summary>A string or quoted name that the text ends within.</summary>
    Unterminated,
}

/// <summary>A piece of SQL text. A class: code for lists of a struct of ours would have to be compiled anew in every process.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">It, as written.</param>
/// <param name="Start">Index of its first character in the script.</param>
/// <param name="Line">Its line in the script, from 1.</param>
internal sealed record SqlToken(SqlTokenKind Kind, string Text, int Start, int Line)
{
    /// <summary>Index of the first character behind it.</summary>
    public int End => Start + Text.Length;

    /// <summary>Whether it is this keyword, in any case.</summary>
    public bool Is(string keyword) => Kind == SqlTokenKind.Word && Text.Equals(keyword, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is this operator or mark.</summary>
    public bool IsSymbol(string symbol) => Kind == SqlTokenKind.Symbol && Text == symbol;

    /// <summary>Whether it can name something.</summary>
    public bool IsName => Kind is SqlTokenKind.Word or SqlTokenKind.QuotedName;

    /// <summary>Whether it names this, by SQLite's rule: the case of ASCII letters does not count, that of others does.</summary>
    public bool Names(string name) => SqlNames.AreSame(Name, name);

    /// <summary>The name it stands for, quotes removed.</summary>
    public string Name => Kind == SqlTokenKind.QuotedName
        ? Text[1..^1].Replace(new string(Text[0], 2), Text[..1], StringComparison.Ordinal)
        : Text;
}
