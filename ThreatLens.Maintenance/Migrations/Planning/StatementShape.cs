namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>A statement as plans see it: what it does, to which table, and the parts of its text from which the rows it touches can be counted.</summary>
internal sealed record StatementShape(StatementAction Action)
{
    /// <summary>The table it is about; empty when none is understood.</summary>
    public string Table { get; init; } = "";

    /// <summary>The index it creates, or the column it adds, drops or renames.</summary>
    public string Name { get; init; } = "";

    /// <summary>What the table or column is renamed to.</summary>
    public string NewName { get; init; } = "";

    /// <summary>The common table expressions before an INSERT, UPDATE or DELETE, WITH included; empty without any.</summary>
    public string With { get; init; } = "";

    /// <summary>Whether rows may be left out or replaced (OR IGNORE, ON CONFLICT ...), so that no query tells how many are touched.</summary>
    public bool HasConflictClause { get; init; }

    /// <summary>The columns that an INSERT names; empty: all.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>The query whose rows are inserted, also of CREATE TABLE ... AS; null without one.</summary>
    public string? Query { get; init; }

    /// <summary>How many rows VALUES lists; null when it is a query.</summary>
    public int? ValuesRows { get; init; }

    /// <summary>The name that UPDATE and DELETE give their table; empty without one.</summary>
    public string Alias { get; init; } = "";

    /// <summary>What UPDATE sets, column and expression; null when that is not understood (row values, FROM).</summary>
    public IReadOnlyList<(string Column, string Expression)>? Assignments { get; init; }

    /// <summary>The condition of UPDATE, DELETE and CREATE INDEX; null without one.</summary>
    public string? Where { get; init; }

    /// <summary>Takes a statement apart.</summary>
    public static StatementShape Of(string sql) => new StatementShapeReader(sql).Read();
}
