using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations.Rehearsal;

/// <summary>Finds out by running a plan's statements, in a transaction that is rolled back, what rows touch those of which nothing else tells.</summary>
internal static class UnknownRows
{
    /// <summary>The plan with the rows that were missing, as far as its statements run.</summary>
    public static MigrationPlan Fill(SqliteDatabase copy, MigrationPlan plan)
    {
        if (plan.Steps.All(s => s.Statements.All(t => t.Rows is not null)))
            return plan;
        using var connection = copy.OpenWriter();
        using var transaction = ImmediateTransaction.Begin(connection);
        try
        {
            return plan with { Steps = [.. plan.Steps.Select(step => step with { Statements = [.. step.Statements.Select(s => Run(connection, transaction, s))] })] };
        }
        catch (SqliteException)
        {
            // The rehearsal that follows says which statement fails, and why.
            return plan;
        }
    }

    private static PlannedStatement Run(SqliteConnection connection, ImmediateTransaction transaction, PlannedStatement statement)
    {
        var shape = StatementShape.Of(statement.Sql);
        if (statement.IsSkipped || !transaction.IsOpen || shape.Action is StatementAction.TransactionControl or StatementAction.Pragma)
            return statement;
        var rows = statement.Rows ?? Before(connection, shape);
        connection.Execute(statement.Sql);
        if (shape.Action is StatementAction.Insert or StatementAction.Update or StatementAction.Delete)
            rows ??= (long)connection.Scalar("SELECT changes()")!;
        return statement with { Rows = rows };
    }

    private static long? Before(SqliteConnection connection, StatementShape shape) => shape.Action switch
    {
        StatementAction.DropTable or StatementAction.DropColumn => (long)connection.Scalar($"SELECT count(*) FROM {Remedy.Quote(shape.Table)}")!,
        StatementAction.CreateIndex => (long)connection.Scalar($"SELECT count(*) FROM {Remedy.Quote(shape.Table)} WHERE {shape.Where ?? "1"}")!,
        StatementAction.CreateTable when shape.Query is not null => (long)connection.Scalar($"SELECT count(*) FROM ({shape.Query})")!,
        _ => null,
    };
}
