using ThreatLens.Maintenance.Migrations.Linting;
using ThreatLens.Maintenance.Migrations.Rebuilding;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>What one script would do: its statements, what would be lost, what the linter says.</summary>
internal sealed record ScriptForecastResult(
    IReadOnlyList<PlannedStatement> Statements, IReadOnlyList<LintFinding> Findings, IReadOnlyList<ValueLoss> Losses, bool MayLoseMore);

/// <summary>Runs one script on the shadow of a schema, statement by statement, and looks at each. Used once.</summary>
internal sealed class ScriptForecast(ShadowSchema shadow, RowForecast rows, SpaceForecast space, bool countsLosses = true)
{
    private readonly List<PlannedStatement> _statements = [];
    private readonly Dictionary<string, TableState> _start = new(shadow.Tables, StringComparer.OrdinalIgnoreCase);
    private readonly List<StatementEffect> _effects = [];

    /// <summary>The tables as they were before the script.</summary>
    public IReadOnlyDictionary<string, TableState> Start => _start;

    /// <summary>What each statement did to the shadow, in order; those that were skipped left out.</summary>
    public IReadOnlyList<StatementEffect> Effects => _effects;

    /// <summary>Runs the script.</summary>
    /// <param name="version">The migration that it belongs to, or runs around; empty for a hook around the run.</param>
    /// <param name="script">The script.</param>
    /// <param name="lint">Looks at it.</param>
    public ScriptForecastResult Run(string version, MigrationScript script, ScriptLint lint)
    {
        foreach (var statement in script.Statements)
        {
            if (!script.IsTransactional)
                shadow.Attach(statement);
            if (ScriptRunner.IsNeeded(shadow.Connection, statement))
                Run(statement);
            else
                _statements.Add(new PlannedStatement(statement.Sql, statement.Number, statement.Line) { IsSkipped = true, Rows = 0 });
        }

        var copies = TableCopies.Find(_start, _effects, shadow.Tables);
        for (var i = 0; i < _statements.Count; i++)
        {
            if (copies.ContainsKey(_statements[i].Number))
                _statements[i] = _statements[i] with { RebuildsTable = true };
        }

        var (losses, mayBeMore) = countsLosses ? new LossForecast(rows).Count(_start, shadow.Tables, _effects) : ([], false);
        return new ScriptForecastResult(_statements, lint.Look(version, script, this, copies, rows, shadow.Tables), losses, mayBeMore);
    }

    /// <summary>Runs a statement that comes from no script.</summary>
    public PlannedStatement Mend(string sql)
    {
        Run(new ScriptStatement(0, 0, sql));
        return _statements[^1];
    }

    private void Run(ScriptStatement statement)
    {
        var shape = statement.Shape;
        // What begins or ends transactions does nothing to the schema, and what opens other files must not run here.
        if (shape.Action is StatementAction.TransactionControl or StatementAction.Savepoint or StatementAction.Pragma)
        {
            _effects.Add(new StatementEffect(statement, null, null, null) { Rows = shape.Action == StatementAction.Savepoint ? 0 : null });
            _statements.Add(new PlannedStatement(statement.Sql, statement.Number, statement.Line) { Rows = shape.Action == StatementAction.Savepoint ? 0 : null });
            return;
        }

        var before = shadow.Tables.GetValueOrDefault(shape.Table);
        var rebuilds = TableRebuild.IsNeeded(shadow.Connection, statement);
        var (changed, error) = shadow.Run(statement);
        var touched = error is not null ? null : rebuilds && before is not null ? rows.RowsOf(before) : rows.Touched(statement, before, changed);
        var effect = new StatementEffect(statement, before, null, error) { Rebuilds = rebuilds, Rows = touched, Overwritten = error is null && countsLosses ? Overwritten(statement, before) : [] };
        if (error is null)
            Advance(statement, changed);
        _effects.Add(effect with { After = shadow.Tables.GetValueOrDefault(shape.Action == StatementAction.RenameTable ? shape.NewName : shape.Table) });
        _statements.Add(new PlannedStatement(statement.Sql, statement.Number, statement.Line) { Rows = touched });
        space.Add(shadow, statement, before, touched, changed);
    }

    private void Advance(ScriptStatement statement, bool changed)
    {
        var shape = statement.Shape;
        if (!changed)
        {
            rows.Move(statement);
            return;
        }

        if (shape.Action == StatementAction.RenameTable)
            shadow.Rename(shape.Table, shape.NewName);
        else if (shape.Action == StatementAction.RenameColumn)
            shadow.RenameColumn(shape.Table, shape.Name, shape.NewName);
        shadow.Synchronise();
        if (shape is { Action: StatementAction.CreateTable, Query: not null } && shadow.Tables.TryGetValue(shape.Table, out var created))
            rows.Fill(created, statement);
    }

    private List<(ColumnState Column, long? Values)> Overwritten(ScriptStatement statement, TableState? before)
    {
        var shape = statement.Shape;
        if (shape.Action != StatementAction.Update || before is null)
            return [];
        // Without knowing what is set, nothing can be told of any column.
        if (shape.Assignments is not { } assignments)
            return [.. before.Columns.Where(c => !c.IsGenerated).Take(1).Select(c => (c, (long?)null))];
        return
        [
            .. assignments.Select(a => (Column: before.Column(a.Column), a.Expression)).Where(a => a.Column is not null)
                .Select(a => (a.Column!, rows.Overwritten(before, shape, a.Expression, a.Column!, statement.Sql))),
        ];
    }
}

/// <summary>What one statement did to the shadow of a schema.</summary>
/// <param name="Statement">The statement.</param>
/// <param name="Before">Its table before it; null when there was none.</param>
/// <param name="After">Its table after it, under its new name; null when there is none.</param>
/// <param name="Error">What SQLite said when it did not take it.</param>
internal sealed record StatementEffect(ScriptStatement Statement, TableState? Before, TableState? After, string? Error)
{
    /// <summary>Whether the engine copies its table as a whole to run it.</summary>
    public bool Rebuilds { get; init; }

    /// <summary>The rows it touches; null when that cannot be told.</summary>
    public long? Rows { get; init; }

    /// <summary>The values that an UPDATE replaces, by column; null where that cannot be told.</summary>
    public IReadOnlyList<(ColumnState Column, long? Values)> Overwritten { get; init; } = [];
}
