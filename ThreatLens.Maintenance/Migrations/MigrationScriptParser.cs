using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Linting;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>
/// Takes one script apart into statements and directives. A statement ends where SQLite's own tokenizer says so, which knows the
/// semicolons inside a trigger's body. What would end or leave the migration's transaction is for the linter to refuse, before anything runs.
/// </summary>
internal sealed class MigrationScriptParser(string name, string sql)
{
    // What a script without a transaction may not have either: it would come between its statements and what is written down about them.
    private static readonly HashSet<string> TransactionControl = new(StringComparer.OrdinalIgnoreCase) { "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE" };

    private const int MostTokens = 16;

    private readonly List<ScriptStatement> _statements = [];
    private readonly List<SqlToken> _current = [];
    private ScriptDirective? _condition;
    private string? _description;
    private string[]? _refuseIfRows;
    private readonly HashSet<string> _allowed = new(StringComparer.Ordinal);
    private bool _isTransactional = true;

    static MigrationScriptParser() => Batteries_V2.Init();

    public MigrationScript Parse()
    {
        foreach (var token in SqlLexer.Read(sql))
        {
            RefuseNul(token);
            if (token.Kind == SqlTokenKind.Comment)
                ReadComment(token);
            else
                ReadToken(token);
        }

        if (_current.Count > 0)
            EndStatement(atEndOfScript: true);
        if (_condition is not null)
            throw Invalid(_condition.Line, $"the directive '{_condition.Name}' is not followed by a statement");
        return new MigrationScript(name, _statements)
        {
            Description = _description,
            RefuseIfRows = _refuseIfRows ?? [],
            Allowed = _allowed,
            IsTransactional = _isTransactional,
        };
    }

    /// <summary>The description that a script begins with; null when it begins with something else. Nothing else of it is looked at.</summary>
    public static string? DescriptionOf(string text)
    {
        var lexer = new SqlLexer(text);
        return lexer.MoveNext() && lexer.Kind == SqlTokenKind.Comment
            && ScriptDirective.Parse(lexer.Text.ToString(), lexer.Line) is { Name: ScriptDirective.Description, Line: 1, Argument.Length: > 0 } description
            ? description.Argument
            : null;
    }

    /// <summary>The number of the statement that a text ends within, whatever is wrong with the text.</summary>
    public static int StatementAtEnd(string text)
    {
        var parser = new MigrationScriptParser("", text);
        var number = 1;
        foreach (var token in SqlLexer.Read(text).Where(t => t.Kind != SqlTokenKind.Comment))
        {
            if (parser._current.Count == 0 && token.IsSymbol(";"))
                continue;
            parser.Add(token);
            if (!token.IsSymbol(";") || !parser.IsComplete("", out _))
                continue;
            number++;
            parser._current.Clear();
        }

        return number;
    }

    private void ReadToken(SqlToken token)
    {
        if (token.Kind == SqlTokenKind.Unterminated)
            throw Invalid(token.Line, $"the text that begins with {token.Text[..1]} does not end");
        if (token.Kind == SqlTokenKind.Parameter)
            throw Invalid(token.Line, $"'{token.Text}' is a parameter, and a script has none");
        if (_current.Count == 0 && token.IsSymbol(";"))
            return;

        Add(token);
        if (token.IsSymbol(";"))
            EndStatement(atEndOfScript: false);
    }

    // Of an insert of megabytes the first words and the last three are enough.
    private void Add(SqlToken token)
    {
        if (_current.Count == MostTokens)
            _current.RemoveAt(MostTokens - 3);
        _current.Add(token);
    }

    private void EndStatement(bool atEndOfScript)
    {
        if (!IsComplete(atEndOfScript ? "\n;" : "", out var text))
        {
            if (atEndOfScript)
                throw Invalid(_current[0].Line, "the statement does not end (a trigger needs END;)");
            return;
        }

        var first = _current[0];
        if (!_isTransactional && TransactionControl.Contains(first.Text))
            throw Invalid(first.Line, $"{first.Text.ToUpperInvariant()} is not allowed: in a script without a transaction each statement commits by itself; what belongs together is a migration of its own");
        var statement = new ScriptStatement(_statements.Count + 1, first.Line, text);
        _statements.Add(_condition switch
        {
            null => statement,
            { Name: ScriptDirective.RebuildTable } => WithRebuild(statement, _condition),
            _ => WithCondition(statement, _condition),
        });
        _condition = null;
        _current.Clear();
    }

    // SQLite reads the whole statement to answer: of a trigger of many statements it is asked only where "; END;" may be the end.
    private bool IsComplete(string ending, out string text)
    {
        var isTrigger = _current[0].Is("CREATE") && ((_current.Count > 1 && _current[1].Is("TRIGGER")) || (_current.Count > 2 && _current[2].Is("TRIGGER")));
        var mayEnd = !isTrigger || ending.Length > 0 || (_current[^2].Is("END") && _current[^3].IsSymbol(";"));
        text = mayEnd ? sql[_current[0].Start.._current[^1].End] + ending : "";
        return mayEnd && raw.sqlite3_complete(text) != 0;
    }

    private void ReadComment(SqlToken token)
    {
        if (ScriptDirective.Parse(token.Text, token.Line) is not { } directive)
            return;
        if (_current.Count > 0)
            throw Invalid(directive.Line, $"the directive '{directive.Name}' stands within a statement");
        switch (directive.Name)
        {
            case ScriptDirective.Description when _description is null && directive.Line == 1 && directive.Argument.Length > 0:
                _description = directive.Argument;
                break;
            case ScriptDirective.Description:
                throw Invalid(directive.Line, "a description is one line of text, given once, on the first line");
            case ScriptDirective.RefuseIfRows when _refuseIfRows is null && _statements.Count == 0:
                _refuseIfRows = TableNames(directive);
                break;
            case ScriptDirective.RefuseIfRows:
                throw Invalid(directive.Line, $"'{directive.Name}' is given once, before the first statement");
            case ScriptDirective.AddColumnIfMissing or ScriptDirective.DropColumnIfPresent or ScriptDirective.RebuildTable when _condition is null && directive.Argument.Length == 0:
                _condition = directive;
                break;
            case ScriptDirective.AddColumnIfMissing or ScriptDirective.DropColumnIfPresent or ScriptDirective.RebuildTable:
                throw Invalid(directive.Line, $"'{directive.Name}' has no argument and stands alone before its statement");
            case ScriptDirective.Allow when _statements.Count == 0:
                _allowed.UnionWith(RuleNames(directive));
                break;
            case ScriptDirective.NoTransaction when _statements.Count == 0 && directive.Argument.Length == 0:
                _isTransactional = false;
                break;
            case ScriptDirective.Allow or ScriptDirective.NoTransaction:
                throw Invalid(directive.Line, $"'{directive.Name}' stands before the first statement{(directive.Name == ScriptDirective.NoTransaction ? " and has no argument" : "")}");
            default:
                throw Invalid(directive.Line, $"the directive '{directive.Name}' is not known; known are {string.Join(", ", ScriptDirective.Known)}");
        }
    }

    private string[] TableNames(ScriptDirective directive)
    {
        var tables = directive.Argument.Split(',', StringSplitOptions.TrimEntries);
        return tables.All(t => t.Length > 0 && t.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            ? tables
            : throw Invalid(directive.Line, $"'{directive.Name}' needs table names, separated by commas");
    }

    private string[] RuleNames(ScriptDirective directive)
    {
        var rules = directive.Argument.Split(',', StringSplitOptions.TrimEntries);
        return rules.FirstOrDefault(r => !LintRules.Known.Contains(r)) is { } unknown
            ? throw Invalid(directive.Line, $"'{unknown}' is no rule that can be allowed; known are {string.Join(", ", LintRules.Known)}")
            : rules;
    }

    // ALTER TABLE name ADD|DROP [COLUMN] name ...
    private ScriptStatement WithCondition(ScriptStatement statement, ScriptDirective directive)
    {
        var adds = directive.Name == ScriptDirective.AddColumnIfMissing;
        var verb = adds ? "ADD" : "DROP";
        var column = _current.Count > 4 && _current[4].Is("COLUMN") ? 5 : 4;
        var fits = _current.Count > column && _current[0].Is("ALTER") && _current[1].Is("TABLE") && _current[2].IsName
            && _current[3].Is(verb) && _current[column].IsName;
        if (!fits)
            throw Invalid(directive.Line, $"'{directive.Name}' must stand before ALTER TABLE name {verb} COLUMN name");
        return statement with
        {
            Condition = adds ? StatementCondition.ColumnMissing : StatementCondition.ColumnPresent,
            Table = _current[2].Name,
            Column = _current[column].Name,
        };
    }

    // CREATE TABLE [IF NOT EXISTS] [main.]name (
    private ScriptStatement WithRebuild(ScriptStatement statement, ScriptDirective directive)
    {
        var open = _current.FindIndex(t => t.IsSymbol("("));
        var fits = open > 2 && _current[0].Is("CREATE") && _current[1].Is("TABLE") && _current[open - 1].IsName && !_current[..open].Exists(t => t.Is("AS"));
        return fits
            ? statement with { RebuildsTable = true, Table = _current[open - 1].Name }
            : throw Invalid(directive.Line, $"'{directive.Name}' must stand before CREATE TABLE name (...)");
    }

    // SQLite would take the script to end there, and silently leave out the rest.
    private void RefuseNul(SqlToken token)
    {
        var at = token.Text.IndexOf('\0', StringComparison.Ordinal);
        if (at >= 0)
            throw Invalid(token.Line + token.Text.AsSpan(0, at).Count('\n'), "the script contains a NUL character (a file in UTF-16 is full of them; save it as UTF-8)");
    }

    private MaintenanceException Invalid(int line, string problem) => ScriptFiles.Invalid(name, line, problem, _statements.Count + 1);
}
