using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Hooks;
using ThreatLens.Maintenance.Migrations.Stepwise;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Scripts that run outside of a transaction: one before them says that they are begun, one behind them that they are finished.</summary>
internal sealed partial class MigrationRun
{
    private (int Ran, int Skipped) RunStepwiseAndRecord(Migration migration, MigrateCommand command, ImmediateTransaction transaction, long started)
    {
        // What was begun was looked at then.
        if (UnfinishedMigration.Read(connection) is null)
            Guard?.BeforeUp(connection, migration);
        var (counts, before) = RunStepwise(migration, catalog.UpOf(migration), HookMoment.BeforeEachMigrate, transaction);
        RunHook(HookMoment.AfterEachMigrate, migration, transaction);
        var after = _fingerprint.Read(connection);
        Timed(Record, () => SchemaHistory.Record(connection, migration, time.GetUtcNow(), time.GetElapsedTime(started), command, before, after));
        return counts;
    }

    /// <summary>Commits the transaction it is given, runs the statements, and leaves another one open.</summary>
    private ((int Ran, int Skipped) Counts, string FingerprintBefore) RunStepwise(
        Migration migration, MigrationScript script, HookMoment before, ImmediateTransaction transaction)
    {
        var begun = UnfinishedMigration.Read(connection)?.TakeOver(connection, script);
        if (begun is null)
        {
            new ScriptRunner(database, connection, transaction).RefuseRows(migration.Version, script);
            var fingerprint = _fingerprint.Read(connection);
            RunHook(before, migration, transaction);
            begun = UnfinishedMigration.Begin(connection, migration.Version, before == HookMoment.BeforeEachRollback, fingerprint);
        }
        else
            logger.GoesOn(migration.Version.Id, database.Path, begun.StatementsDone, script.Statements.Count);

        Timed(Commit, transaction.Commit);
        var counts = new StepwiseRunner(database, migration.Version, script, begun).Run();
        Timed(Begin, transaction.BeginAgain);
        begun.End(connection);
        return (counts, begun.FingerprintBefore);
    }
}
