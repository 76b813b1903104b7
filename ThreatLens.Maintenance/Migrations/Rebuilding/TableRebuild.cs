using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Rebuilding;

/// <summary>
/// Statements that may give a table another definition: those with the directive <c>rebuild-table</c>, and conditional DROP COLUMNs, which SQLite
/// runs itself where it can. Either way, whatever else of the schema works before works afterwards, or the statement is refused by name. See
/// <see cref="TableCopy"/> for how a table is rebuilt.
/// </summary>
internal static class TableRebuild
{
    /// <summary>Whether a statement copies a whole table on the schema as this connection sees it. Only reads.</summary>
    /// <param name="connection">A connection to the database, or that of a <see cref="SchemaTrial"/> on which the statements before it have run.</param>
    /// <param name="statement">The statement.</param>
    public static bool IsNeeded(SqliteConnection connection, ScriptStatement statement)
    {
        if (statement.RebuildsTable || statement.Condition != StatementCondition.ColumnPresent || !ScriptRunner.IsNeeded(connection, statement))
            return statement.RebuildsTable;
        using var trial = SchemaTrial.Of(connection);
        return trial.ErrorOf(statement.Sql) is not null;
    }

    /// <summary>Runs such a statement, within a transaction that is already open.</summary>
    /// <exception cref="RebuildRefusedException">The table cannot be built anew, or something else would no longer work; nothing was changed.</exception>
    /// <exception cref="SqliteException">The rows do not fit the new definition, or what else SQLite reports.</exception>
    public static void Run(SqliteConnection connection, ScriptStatement statement)
    {
        var entries = SchemaEntry.Read(connection);
        if (statement.RebuildsTable || !TryDrop(connection, statement, entries))
            Rebuild(connection, statement, entries);
    }

    private static bool TryDrop(SqliteConnection connection, ScriptStatement statement, IReadOnlyList<SchemaEntry> entries)
    {
        // SQLite refuses to drop a column that a view or trigger names, and overlooks those that need it without naming it.
        if (entries.Any(e => e.Type is "view" or "trigger"))
        {
            using var then = SchemaTrial.Of(entries);
            if (then.ErrorOf(statement.Sql) is not null)
                return false;
            Dependents.RefuseWhatWouldBreak(entries, then, statement.Table);
        }

        try
        {
            connection.Execute(statement.Sql);
            return true;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_ERROR)
        {
            return false;
        }
    }

    private static void Rebuild(SqliteConnection connection, ScriptStatement statement, IReadOnlyList<SchemaEntry> entries)
    {
        var table = entries.FirstOrDefault(e => e.Type == "table" && SqlNames.AreSame(e.Name, statement.Table))
            ?? throw new RebuildRefusedException($"there is no table {statement.Table}");
        var definition = statement.RebuildsTable ? statement.Sql : ColumnRemoval.Derive(table.Sql, statement.Column);
        using (var then = SchemaTrial.Of([.. entries.Select(e => e == table ? e with { Sql = definition } : e)]))
        {
            if (then.Columns(table.Name).Count == 0)
                throw new RebuildRefusedException($"the new definition is not accepted: {then.ErrorOf(definition)}");
            Dependents.RefuseWhatWouldBreak(entries, then, table.Name);
        }

        new TableCopy(connection, table.Name, [.. entries.Where(e => e.Type is "index" or "trigger" && e.IsOn(table.Name))]).Run(definition);
    }
}
