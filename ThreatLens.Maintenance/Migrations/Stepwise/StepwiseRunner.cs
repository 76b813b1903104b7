using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Rebuilding;

namespace ThreatLens.Maintenance.Migrations.Stepwise;

/// <summary>
/// Runs a script statement by statement, on a connection of its own: what its PRAGMAs set ends with it. A statement commits together with the note that it
/// has run, and so runs exactly once; those that SQLite does not let into a transaction (VACUUM, PRAGMA, ATTACH, DETACH) are noted behind, and
/// run again after a crash.
/// </summary>
internal sealed class StepwiseRunner(SqliteDatabase database, MigrationVersion version, MigrationScript script, UnfinishedMigration begun)
{
    private readonly IReadOnlyList<string> _digests = UnfinishedMigration.Digests(script);

    /// <summary>Runs what has not run yet.</summary>
    /// <returns>How many statements the script ran in all its runs, and how many of this run their directive skipped.</returns>
    /// <exception cref="MaintenanceException">MIGRATION_FAILED naming the statement, OPERATION_CONFLICT, or what the surroundings of the database report.</exception>
    public (int Ran, int Skipped) Run()
    {
        using var connection = database.OpenWriter();
        var skipped = 0;
        for (var i = 0; i < script.Statements.Count; i++)
        {
            var statement = script.Statements[i];
            var isDone = i < begun.StatementsDone;
            // An earlier run's connection is gone, with what was attached and set on it.
            if (isDone && !statement.BelongsToConnection)
                continue;
            if (!Run(connection, statement, isDone ? begun.StatementsDone : i + 1))
                skipped++;
        }

        return (script.Statements.Count - skipped, skipped);
    }

    private bool Run(SqliteConnection connection, ScriptStatement statement, int done)
    {
        using var span = StatementSpan.Start(database, statement.Summary, statement.Sql);
        try
        {
            return statement.RunsAlone ? RunAlone(connection, statement, done) : RunAndNote(connection, statement, done);
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw MigrationFailure.OfStep(MigrationFailure.Of(database, version, script, statement, e), begun.IsDown, statement.Number - 1);
        }
        catch (RebuildRefusedException e)
        {
            throw MigrationFailure.OfStep(MigrationFailure.Of(version, script, statement, e), begun.IsDown, statement.Number - 1);
        }
    }

    private bool RunAlone(SqliteConnection connection, ScriptStatement statement, int done)
    {
        begun.Verify(connection);
        connection.RunToEnd(statement.Sql);
        using var transaction = ImmediateTransaction.Begin(connection);
        begun.Advance(connection, done, _digests[done]);
        transaction.Commit();
        return true;
    }

    private bool RunAndNote(SqliteConnection connection, ScriptStatement statement, int done)
    {
        using var transaction = ImmediateTransaction.Begin(connection);
        begun.Advance(connection, done, _digests[done]);
        var isNeeded = ScriptRunner.IsNeeded(connection, statement);
        if (isNeeded)
            ScriptRunner.Execute(connection, statement);
        transaction.Commit();
        return isNeeded;
    }
}
