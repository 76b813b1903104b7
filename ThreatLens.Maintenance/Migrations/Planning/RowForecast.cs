using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>Tells how many rows statements touch and what becomes of the rows, without running them on the database.</summary>
internal sealed class RowForecast(ShadowSchema shadow, RowCounter counter)
{
    /// <summary>How many rows a table has at this point of the plan; null when that cannot be told.</summary>
    public long? RowsOf(TableState table) => table.Rows.Sql is { } rows ? counter.Number(CountOf(table, rows)) : null;

    /// <summary>How many cells of each of these columns hold a value, in one pass over the table; null when that cannot be told.</summary>
    public IReadOnlyList<long>? ValuesOf(TableState table, IReadOnlyList<ColumnState> columns)
    {
        if (columns.Count == 0)
            return [];
        return table.Rows.Sql is { } rows
            ? counter.Numbers($"SELECT {string.Join(" || ' ' || ", columns.Select(c => $"count({Remedy.Quote(c.Name)})"))} FROM ({rows})")
            : null;
    }

    /// <summary>
    /// The rows that a statement touches, to be asked once it has run on the shadow, before the rows there are moved on: inserted, changed, deleted,
    /// dropped with their table, rewritten without a column, or put into an index. Null when that cannot be told.
    /// </summary>
    /// <param name="statement">The statement.</param>
    /// <param name="before">Its table before it; null when there was none.</param>
    /// <param name="changed">Whether the schema has changed.</param>
    public long? Touched(ScriptStatement statement, TableState? before, bool changed)
    {
        var shape = statement.Shape;
        switch (shape.Action)
        {
            case StatementAction.CreateIndex when changed:
                return before is null ? null : Where(before, shape, statement.Sql);
            case StatementAction.CreateTable when changed && shape.Query is not null:
                return Inserted(shape, statement.Sql);
            case StatementAction.DropTable or StatementAction.DropColumn when changed:
                return before is null ? null : RowsOf(before);
            case StatementAction.Insert:
                return Inserted(shape, statement.Sql);
            case StatementAction.Update or StatementAction.Delete:
                return before is null || shape.HasConflictClause ? null : Where(before, shape, statement.Sql);
            case StatementAction.TransactionControl or StatementAction.Pragma:
                return null;
            default:
                return 0;
        }
    }

    /// <summary>Moves the rows of the shadow's tables on by a statement that changes rows.</summary>
    public void Move(ScriptStatement statement)
    {
        var shape = statement.Shape;
        if (shape.Action is StatementAction.Insert or StatementAction.Update or StatementAction.Delete && shadow.Tables.TryGetValue(shape.Table, out var table))
            shadow.Set(Moved(table, shape, statement.Sql));
        // What triggers change, and what is changed in ways that are not understood.
        foreach (var written in shadow.Writes.Where(w => !w.Equals(shape.Table, StringComparison.OrdinalIgnoreCase)))
        {
            if (shadow.Tables.TryGetValue(written, out var other))
                shadow.Set(other with { Rows = RowSource.Unknown, MayLackRows = true });
        }
    }

    /// <summary>Moves the rows on into a table that is made of a query.</summary>
    public void Fill(TableState created, ScriptStatement statement) => shadow.Set(created with
    {
        Rows = Query(statement.Shape, statement.Sql, lasts: true) is { } query
            ? RowSource.Derived($"WITH new_rows({string.Join(", ", created.Columns.Select(c => Remedy.Quote(c.Name)))}) AS ({query}) SELECT * FROM new_rows", isExact: false)
            : RowSource.Unknown,
    });

    /// <summary>
    /// How many values of a column an UPDATE replaces by others, or by none; null when that cannot be told.
    /// </summary>
    public long? Overwritten(TableState table, StatementShape shape, string expression, ColumnState column, string sql)
    {
        var name = $"{Remedy.Quote(shape.Alias.Length > 0 ? shape.Alias : table.Name)}.{Remedy.Quote(column.Name)}";
        return Select(table, shape, sql, "count(*)", $"({shape.Where ?? "1"}) AND {name} IS NOT NULL AND {name} IS NOT ({expression})") is { } query ? counter.Number(query) : null;
    }

    private TableState Moved(TableState table, StatementShape shape, string sql)
    {
        if (shape is { Action: StatementAction.Delete, Where: null, HasConflictClause: false })
            return table with { Rows = RowSource.Empty(table.Columns), MayLackRows = true };
        var unknown = table with { Rows = RowSource.Unknown, MayLackRows = table.MayLackRows || shape.HasConflictClause || shape.Action == StatementAction.Delete };
        if (table.Rows.Sql is not { } rows || shape.HasConflictClause)
            return Matched(shape, table, sql) is 0 ? table : unknown;
        switch (shape.Action)
        {
            case StatementAction.Insert when shape.Query is { Length: < MostText } && Query(shape, sql, lasts: true) is { } query:
                var given = shape.Columns.Count > 0 ? shape.Columns : [.. table.Columns.Where(c => !c.IsGenerated).Select(c => c.Name)];
                var values = table.Columns.Select(c => given.Contains(c.Name, StringComparer.OrdinalIgnoreCase) ? Remedy.Quote(c.Name) : c.HasNoValueOfItsOwn ? "NULL" : "1");
                return table with
                {
                    Rows = RowSource.Derived(
                        $"SELECT * FROM ({rows}) UNION ALL SELECT {string.Join(", ", values)} FROM (WITH new_rows({string.Join(", ", given.Select(Remedy.Quote))}) AS ({query}) SELECT * FROM new_rows)",
                        isExact: false),
                };
            case StatementAction.Delete when Select(table, shape, sql, "*", $"({shape.Where}) IS NOT TRUE", lasts: true) is { } left:
                return table with { Rows = RowSource.Derived(left, table.Rows.IsExact), MayLackRows = true };
            case StatementAction.Update when shape.Assignments is { } assignments:
                var columns = table.Columns.Select(c =>
                    assignments.LastOrDefault(a => a.Column.Equals(c.Name, StringComparison.OrdinalIgnoreCase)) is { Expression: { } expression }
                        ? $"CASE WHEN ({shape.Where ?? "1"}) IS TRUE THEN ({expression}) ELSE {Remedy.Quote(c.Name)} END AS {Remedy.Quote(c.Name)}"
                        : Remedy.Quote(c.Name));
                return Select(table, shape, sql, string.Join(", ", columns), "1", lasts: true) is { } changed
                    ? table with { Rows = RowSource.Derived(changed, isExact: false) }
                    : unknown;
            default:
                return unknown;
        }
    }

    // Longer texts would be read again with every count.
    private const int MostText = 100_000;

    private long? Matched(StatementShape shape, TableState table, string sql) =>
        shape.Action == StatementAction.Insert ? Inserted(shape, sql) : shape.Assignments is null && shape.Action == StatementAction.Update ? null : Where(table, shape, sql);

    private long? Inserted(StatementShape shape, string sql)
    {
        // With OR IGNORE and the like only "none" is sure.
        long? rows = shape.ValuesRows ?? (Query(shape, sql, lasts: false) is { } query ? counter.Number($"SELECT count(*) FROM ({query})") : null);
        return shape.HasConflictClause && rows is not 0 ? null : rows;
    }

    private long? Where(TableState table, StatementShape shape, string sql) =>
        shape.Where is null ? RowsOf(table)
        : Select(table, shape, sql, "count(*)", shape.Where) is { } query ? counter.Number(query)
        : null;

    /// <summary>A query over one table as it is at this point of the plan; null when its rows, or others that are named, cannot be told.</summary>
    private string? Select(TableState table, StatementShape shape, string sql, string columns, string where, bool lasts = false)
    {
        if (!table.Rows.IsExact || Tables(sql, shape, table, lasts) is not { } tables)
            return null;
        var schema = table.Rows.IsUntouched ? "main." : "";
        return $"{tables}SELECT {columns} FROM {schema}{Remedy.Quote(table.Name)} AS {Remedy.Quote(shape.Alias.Length > 0 ? shape.Alias : table.Name)} WHERE {where}";
    }

    private string? Query(StatementShape shape, string sql, bool lasts) => Tables(sql, shape, null, lasts) is { } others ? $"{others}{shape.Query}" : null;

    /// <summary>
    /// The WITH that gives the tables which a statement names the rows they have at this point of the plan, and the statement's own; null when
    /// one of them cannot be told. A query that lasts will stand within others that give the same names other rows: it brings all of its tables along.
    /// </summary>
    private string? Tables(string sql, StatementShape shape, TableState? table, bool lasts)
    {
        var read = shadow.Tables.Values.Where(t => shadow.Reads.Contains(t.Name) || t.Id == table?.Id).ToList();
        var changed = read.FindAll(t => !t.Rows.IsUntouched);
        if (changed.Count > 0)
        {
            var named = SqlLexer.Read(sql).Where(t => t.IsName).Select(t => t.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
            if (changed.Exists(t => !t.Rows.IsExact || (t.Id != table?.Id && !named.Contains(t.Name))))
                return null;
        }

        var own = shape.With.Length == 0 ? "" : shape.With.TrimStart()[4..];
        if (own.TrimStart().StartsWith("RECURSIVE", StringComparison.OrdinalIgnoreCase))
            own = own.TrimStart()["RECURSIVE".Length..];
        List<string> parts = [.. (lasts ? read : changed).Select(t => $"{Remedy.Quote(t.Name)} AS ({t.Rows.Sql})")];
        if (own.Length > 0)
            parts.Add(own);
        return parts.Count == 0 ? "" : $"WITH RECURSIVE {string.Join(", ", parts)} ";
    }

    private static string CountOf(TableState table, string rows) => table.Rows.IsUntouched ? $"SELECT count(*) FROM main.{Remedy.Quote(table.Name)}" : $"SELECT count(*) FROM ({rows})";
}
