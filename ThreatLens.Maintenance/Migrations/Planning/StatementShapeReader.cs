using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>Reads the shape of one statement from its tokens. What it does not understand is <see cref="StatementAction.Other"/>.</summary>
internal sealed class StatementShapeReader(string sql)
{
    private static readonly SqlToken End = new(SqlTokenKind.Symbol, "", 0, 0);

    private readonly List<SqlToken> _tokens = SqlMeaning.Tokens(sql);
    private int _at;

    public StatementShape Read()
    {
        if (_tokens.Count > 0 && _tokens[^1].IsSymbol(";"))
            _tokens.RemoveAt(_tokens.Count - 1);
        var action = StatementKind.Of(_tokens);
        return action switch
        {
            StatementAction.CreateTable => CreateTable(),
            StatementAction.CreateIndex => CreateIndex(),
            StatementAction.DropTable => Drop(),
            StatementAction.AddColumn or StatementAction.DropColumn or StatementAction.RenameTable or StatementAction.RenameColumn => Alter(action),
            StatementAction.Insert or StatementAction.Update or StatementAction.Delete => Change(action),
            _ => new StatementShape(action),
        };
    }

    private StatementShape CreateTable()
    {
        _at = 2;
        SkipExistence();
        if (Table() is not { } table)
            return new StatementShape(StatementAction.Other);
        var query = Next("AS") ? Rest() : null;
        return new StatementShape(StatementAction.CreateTable) { Table = table, Query = query };
    }

    private StatementShape CreateIndex()
    {
        _at = _tokens[1].Is("UNIQUE") ? 3 : 2;
        SkipExistence();
        if (Table() is not { } name || !Next("ON") || Table() is not { } table || !Current.IsSymbol("("))
            return new StatementShape(StatementAction.Other);
        _at = SqlMeaning.Close(_tokens, _at) + 1;
        return new StatementShape(StatementAction.CreateIndex) { Table = table, Name = name, Where = Next("WHERE") ? Rest() : null };
    }

    private StatementShape Drop()
    {
        _at = 2;
        SkipExistence();
        return Table() is { } table ? new StatementShape(StatementAction.DropTable) { Table = table } : new StatementShape(StatementAction.Other);
    }

    // ALTER TABLE name ADD|DROP|RENAME [COLUMN] name [TO name]
    private StatementShape Alter(StatementAction action)
    {
        _at = 2;
        var table = Table();
        _at++;
        if (action == StatementAction.RenameTable)
        {
            _at++;
            return new StatementShape(action) { Table = table!, NewName = Current.Name };
        }

        Next("COLUMN");
        var name = Current.Name;
        _at += 2;
        return new StatementShape(action) { Table = table!, Name = name, NewName = action == StatementAction.RenameColumn ? Current.Name : "" };
    }

    private StatementShape Change(StatementAction action)
    {
        var verb = StatementKind.SkipWith(_tokens);
        var with = verb == 0 ? "" : sql[_tokens[0].Start.._tokens[verb].Start];
        _at = verb + 1;
        var conflict = _tokens[verb].Is("REPLACE") || ConflictClause();
        if (action == StatementAction.Insert)
            Next("INTO");
        else if (action == StatementAction.Delete)
            Next("FROM");
        if (Table() is not { } table)
            return new StatementShape(StatementAction.Other);
        var shape = new StatementShape(action) { Table = table, With = with, HasConflictClause = conflict };
        return action == StatementAction.Insert ? Insert(shape) : Rows(shape);
    }

    private StatementShape Insert(StatementShape shape)
    {
        if (Next("AS"))
            _at++;
        if (Current.IsSymbol("("))
        {
            var close = SqlMeaning.Close(_tokens, _at);
            shape = shape with { Columns = [.. _tokens[(_at + 1)..close].Where(t => t.IsName).Select(t => t.Name)] };
            _at = close + 1;
        }

        if (Next("DEFAULT"))
            return shape with { ValuesRows = 1 };
        // The one word ON within a query's FROM needs something to be joined before it; an upsert's is followed by CONFLICT.
        var end = Find(i => _tokens[i].Is("RETURNING") || (_tokens[i].Is("ON") && i + 1 < _tokens.Count && _tokens[i + 1].Is("CONFLICT")));
        shape = shape with { HasConflictClause = shape.HasConflictClause || (end < _tokens.Count && _tokens[end].Is("ON")) };
        return Current.Is("VALUES")
            ? shape with { ValuesRows = Enumerable.Range(_at, end - _at).Count(TopLevelGroups().Contains), Query = Text(_at, end) }
            : shape with { Query = Text(_at, end) };
    }

    private StatementShape Rows(StatementShape shape)
    {
        if (Next("AS") || (Current.IsName && !IsOneOf("SET", "WHERE", "INDEXED", "NOT", "RETURNING")))
            shape = shape with { Alias = _tokens[_at++].Name };
        var set = Find(i => _tokens[i].Is("SET"));
        var from = Find(i => _tokens[i].Is("FROM"));
        var where = Find(i => _tokens[i].Is("WHERE"));
        var end = Find(i => _tokens[i].Is("RETURNING") || _tokens[i].Is("ORDER") || _tokens[i].Is("LIMIT"));
        if (where < end)
            shape = shape with { Where = Text(where + 1, end) };
        if (end < _tokens.Count && !_tokens[end].Is("RETURNING"))
            shape = shape with { HasConflictClause = true };
        if (shape.Action == StatementAction.Update)
            shape = from < _tokens.Count ? shape with { HasConflictClause = true } : shape with { Assignments = Assignments(set + 1, Math.Min(where, end)) };
        return shape;
    }

    private List<(string, string)>? Assignments(int start, int end)
    {
        var found = new List<(string, string)>();
        var depth = 0;
        for (var i = start; i <= end; i++)
        {
            if (i < end && _tokens[i].IsSymbol("("))
                depth++;
            else if (i < end && _tokens[i].IsSymbol(")"))
                depth--;
            if (i < end && (depth > 0 || !_tokens[i].IsSymbol(",")))
                continue;
            // column = expression; (a, b) = (...) is not looked into.
            if (i - start < 3 || !_tokens[start].IsName || !_tokens[start + 1].IsSymbol("="))
                return null;
            found.Add((_tokens[start].Name, Text(start + 2, i)));
            start = i + 1;
        }

        return found;
    }

    private HashSet<int> TopLevelGroups()
    {
        var groups = new HashSet<int>();
        for (var i = _at; i < _tokens.Count; i++)
        {
            if (!_tokens[i].IsSymbol("("))
                continue;
            groups.Add(i);
            i = SqlMeaning.Close(_tokens, i);
        }

        return groups;
    }

    /// <summary>The index of the first token from here on, outside of parentheses, that fits; the number of tokens when none does.</summary>
    private int Find(Func<int, bool> fits)
    {
        var i = _at;
        while (i < _tokens.Count && !fits(i))
            i = _tokens[i].IsSymbol("(") ? SqlMeaning.Close(_tokens, i) + 1 : i + 1;
        return Math.Min(i, _tokens.Count);
    }

    private SqlToken Current => _at < _tokens.Count ? _tokens[_at] : End;

    private bool IsOneOf(params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (Current.Is(word))
                return true;
        }

        return false;
    }

    private bool Next(string word)
    {
        if (!Current.Is(word))
            return false;
        _at++;
        return true;
    }

    private void SkipExistence()
    {
        if (Next("IF"))
            _at += Current.Is("NOT") ? 2 : 1;
    }

    private bool ConflictClause()
    {
        if (!Next("OR"))
            return false;
        var lossless = IsOneOf("ABORT", "FAIL", "ROLLBACK");
        _at++;
        return !lossless;
    }

    /// <summary>A name of the main schema; null for one of another.</summary>
    private string? Table()
    {
        if (!Current.IsName)
            return null;
        var name = _tokens[_at++].Name;
        if (!Current.IsSymbol("."))
            return name;
        _at++;
        return name.Equals("main", StringComparison.OrdinalIgnoreCase) && Current.IsName ? _tokens[_at++].Name : null;
    }

    private string Rest() => Text(_at, _tokens.Count);

    private string Text(int start, int end) => start < end && start < _tokens.Count ? sql[_tokens[start].Start.._tokens[end - 1].End] : "";
}
