using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>What must be looked at before a statement runs.</summary>
internal enum StatementCondition
{
    /// <summary>Nothing: it always runs.</summary>
    None,

    /// <summary>It runs only if the column it adds is missing.</summary>
    ColumnMissing,

    /// <summary>It runs only if the column it drops is there.</summary>
    ColumnPresent,
}

/// <summary>One statement of a script.</summary>
/// <param name="Number">Its position in the script, from 1.</param>
/// <param name="Line">The line of its first word, from 1.</param>
/// <param name="Sql">Its text, from the first word to the semicolon.</param>
internal sealed record ScriptStatement(int Number, int Line, string Sql)
{
    private const int ExcerptLength = 200;
    private StatementAction? _action;

    public StatementCondition Condition { get; init; }

    /// <summary>Whether it is a CREATE TABLE that gives a table which is there another definition.</summary>
    public bool RebuildsTable { get; init; }

    /// <summary>Whether it is run by <see cref="Rebuilding.TableRebuild"/>: SQLite alone may not be able to.</summary>
    public bool MayRebuild => RebuildsTable || Condition == StatementCondition.ColumnPresent;

    /// <summary>The table of the conditional column, or the one that is rebuilt; else empty.</summary>
    public string Table { get; init; } = "";

    /// <summary>The conditional column; empty without a condition.</summary>
    public string Column { get; init; } = "";

    /// <summary>Whether SQLite does not let it into a transaction, or it does nothing there: it only stands in a script that has none.</summary>
    public bool RunsAlone => Summary.Operation is "VACUUM" || BelongsToConnection;

    /// <summary>Whether it does something to the connection rather than to the database.</summary>
    public bool BelongsToConnection => Summary.Operation is "PRAGMA" or "ATTACH" or "DETACH";

    /// <summary>The name that an ATTACH gives, as written; null for anything else.</summary>
    public string? AttachedName => Summary.Operation == "ATTACH" ? SqlLexer.Read(Sql).SkipWhile(t => !t.Is("AS")).Skip(1).FirstOrDefault()?.Text : null;

    /// <summary>Whether it defines something.</summary>
    public bool ChangesSchema => Summary.Operation.StartsWith("CREATE", StringComparison.Ordinal) || Summary.Operation.StartsWith("ALTER", StringComparison.Ordinal) || Summary.Operation.StartsWith("DROP", StringComparison.Ordinal);

    /// <summary>What its span is called; derived once.</summary>
    public SqlSummary Summary => field ??= SqlSummary.Of(Sql);

    /// <summary>What kind of thing it does; derived once, from its first words.</summary>
    public StatementAction Action => _action ??= StatementKind.Of(Sql);

    /// <summary>Whether it only reads, as far as its first word tells.</summary>
    public bool IsQuery => Action == StatementAction.Other && Summary.Operation is "SELECT" or "WITH" or "VALUES" or "EXPLAIN";

    /// <summary>What it does in detail; derived once, from all of it.</summary>
    public StatementShape Shape => field ??= StatementShape.Of(Sql);

    /// <summary>The beginning of the statement on one line, for messages.</summary>
    public string Excerpt
    {
        get
        {
            // Of an insert of megabytes no more than the beginning is looked at.
            var line = string.Join(' ', Sql[..Math.Min(Sql.Length, 2 * ExcerptLength)].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return line.Length <= ExcerptLength && Sql.Length <= 2 * ExcerptLength ? line : line[..Math.Min(line.Length, ExcerptLength)] + "…";
        }
    }
}
