using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Rebuilding;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Runs one script's statements within a transaction that is already open.</summary>
internal sealed class ScriptRunner(SqliteDatabase database, SqliteConnection connection, ImmediateTransaction transaction)
{
    /// <summary>Runs the script.</summary>
    /// <returns>How many statements ran, and how many their directive skipped.</returns>
    /// <exception cref="MaintenanceException">ROLLBACK_REFUSED, MIGRATION_FAILED, or what the surroundings of the database report.</exception>
    public (int Ran, int Skipped) Run(MigrationVersion version, MigrationScript script)
    {
        if (script.RefuseIfRows.Count > 0)
            RefuseRows(version, script);
        var skipped = 0;
        foreach (var statement in script.Statements)
        {
            if (IsNeeded(connection, statement))
                Run(version, script, statement);
            else
                skipped++;
        }

        return (script.Statements.Count - skipped, skipped);
    }

    private void Run(MigrationVersion version, MigrationScript script, ScriptStatement statement)
    {
        using var span = StatementSpan.IsObserved ? StatementSpan.Start(database, statement.Summary, statement.Sql) : null;
        try
        {
            Execute(connection, statement);
            // The parser refuses what would end the transaction; should anything get past it, what follows must not run on its own.
            if (!transaction.IsOpen)
                throw new SqliteException("The statement ended the migration's transaction.", SQLitePCL.raw.SQLITE_ABORT);
        }
        catch (SqliteException e)
        {
            span?.Fail(e);
            throw MigrationFailure.Of(database, version, script, statement, e);
        }
        catch (RebuildRefusedException e)
        {
            throw MigrationFailure.Of(version, script, statement, e);
        }
    }

    /// <summary>Runs a statement that <see cref="IsNeeded"/>, by a rebuild of its table where that is what it takes.</summary>
    /// <exception cref="RebuildRefusedException">The table cannot be built anew.</exception>
    /// <exception cref="SqliteException">What SQLite reports.</exception>
    public static void Execute(SqliteConnection connection, ScriptStatement statement)
    {
        if (statement.MayRebuild)
            TableRebuild.Run(connection, statement);
        else
            connection.RunToEnd(statement.Sql);
    }

    /// <summary>Whether a statement is to run on the database as this connection sees it.</summary>
    public static bool IsNeeded(SqliteConnection connection, ScriptStatement statement) => statement.Condition switch
    {
        StatementCondition.ColumnMissing => !connection.HasColumn(statement.Table, statement.Column),
        StatementCondition.ColumnPresent => connection.HasColumn(statement.Table, statement.Column),
        _ => true,
    };

    /// <summary>Refuses a script while tables that it names have rows.</summary>
    /// <exception cref="MaintenanceException">ROLLBACK_REFUSED.</exception>
    public void RefuseRows(MigrationVersion version, MigrationScript script)
    {
        var filled = script.RefuseIfRows
            .Where(table => connection.Scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $table COLLATE NOCASE", ("$table", table)) is not null)
            .Select(table => (Table: table, Rows: (long)connection.Scalar($"SELECT count(*) FROM \"{table}\"")!))
            .Where(t => t.Rows > 0)
            .ToList();
        if (filled.Count > 0)
            throw HoldsRows(version, filled);
    }

    /// <summary>The refusal of a script whose tables must be empty and are not.</summary>
    public static MaintenanceException HoldsRows(MigrationVersion version, IReadOnlyList<(string Table, long Rows)> filled)
    {
        var counts = string.Join(", ", filled.Select(t => FormattableString.Invariant($"{t.Table} ({t.Rows})")));
        return new MaintenanceException(
            ErrorKind.FailedPrecondition, ErrorReasons.RollbackRefused, $"{version} is not undone while its tables have rows: {counts}. Nothing was changed.")
        {
            Metadata = filled.ToDictionary(t => t.Table, t => t.Rows.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        };
    }
}
