using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Migrations.Hooks;
using ThreatLens.Maintenance.Migrations.Planning;
using ThreatLens.Maintenance.Migrations.Rebuilding;

namespace ThreatLens.Maintenance.Migrations.Rehearsal;

/// <summary>Finds out by running a plan's statements, in a transaction that is rolled back, what rows touch those of which nothing else tells.</summary>
internal static class UnknownRows
{
    /// <summary>The plan with the rows that were missing, as far as its statements run.</summary>
    public static MigrationPlan Fill(SqliteDatabase copy, MigrationCatalog catalog, MigrationPlan plan)
    {
        if (plan.Steps.All(s => s.Statements.All(t => t.Rows is not null)))
            return plan;
        using var connection = copy.OpenWriter();
        using var transaction = ImmediateTransaction.Begin(connection);
        try
        {
            RunHook(connection, catalog, plan.Steps[0].IsDown ? HookMoment.BeforeRollback : HookMoment.BeforeMigrate);
            return plan with { Steps = [.. plan.Steps.Select(step => Run(connection, transaction, catalog, step))] };
        }
        catch (Exception e) when (e is SqliteException or RebuildRefusedException)
        {
            // The rehearsal that follows says which statement fails, and why.
            return plan;
        }
    }

    private static MigrationStep Run(SqliteConnection connection, ImmediateTransaction transaction, MigrationCatalog catalog, MigrationStep step)
    {
        if (!step.IsAdoption)
            RunHook(connection, catalog, step.IsDown ? HookMoment.BeforeEachRollback : HookMoment.BeforeEachMigrate);
        List<PlannedStatement> statements = [.. step.Statements.Select(s => Run(connection, transaction, s, Scripted(catalog, step, s)))];
        if (!step.IsAdoption)
            RunHook(connection, catalog, step.IsDown ? HookMoment.AfterEachRollback : HookMoment.AfterEachMigrate);
        return step with { Statements = statements };
    }

    // What they do to the rows, the statements behind them find.
    private static void RunHook(SqliteConnection connection, MigrationCatalog catalog, HookMoment moment)
    {
        foreach (var statement in catalog.Hooks.At(moment)?.Statements.Where(s => ScriptRunner.IsNeeded(connection, s)) ?? [])
            ScriptRunner.Execute(connection, statement);
    }

    // With its directive, which may ask for a rebuild; null for what creates what is missing.
    private static ScriptStatement? Scripted(MigrationCatalog catalog, MigrationStep step, PlannedStatement statement) =>
        statement.Number > 0 && catalog.Find(step.Version.Id) is { } migration
            ? (step.IsDown ? catalog.DownOf(migration) : catalog.UpOf(migration)).Statements[statement.Number - 1]
            : null;

    private static PlannedStatement Run(SqliteConnection connection, ImmediateTransaction transaction, PlannedStatement statement, ScriptStatement? scripted)
    {
        var shape = StatementShape.Of(statement.Sql);
        if (statement.IsSkipped || !transaction.IsOpen || shape.Action is StatementAction.TransactionControl or StatementAction.Pragma)
            return statement;
        var rows = statement.Rows ?? Before(connection, shape);
        if (scripted is null)
            connection.RunToEnd(statement.Sql);
        else
            ScriptRunner.Execute(connection, scripted);
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
