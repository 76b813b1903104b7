using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations.Rehearsal;

/// <summary>
/// Runs plans on a copy of the database, there and back and there again. A plan that fails there is a result, not an error. Thread-safe; one
/// at a time per backup directory.
/// </summary>
public sealed class MigrationRehearsals(
    SqliteDatabase database, MigrationCatalog catalog, BackupDirectory directory, BackupTaker taker, IOptions<MigrationOptions> options, TimeProvider time)
{
    /// <summary>Rehearses a Migrate: up, down and up again.</summary>
    /// <param name="plan">Its plan.</param>
    /// <param name="command">What to migrate to.</param>
    /// <param name="cancellationToken">Stops copying, and running between two migrations.</param>
    /// <returns>The plan with what was measured, and with the rows that only running it could tell.</returns>
    /// <exception cref="MaintenanceException">OPERATION_CONFLICT (another rehearsal), BACKUP_NO_SPACE, BACKUP_DIRECTORY_UNUSABLE, or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public MigrationPlan Migrate(MigrationPlan plan, MigrateCommand command, CancellationToken cancellationToken) =>
        Run(plan, run => run.Migrate(command), cancellationToken);

    /// <summary>Rehearses a Rollback: down, up and down again.</summary>
    /// <param name="plan">Its plan.</param>
    /// <param name="command">What to undo; the copy may lose whatever it loses.</param>
    /// <param name="cancellationToken">As for <see cref="Migrate"/>.</param>
    /// <returns>As for <see cref="Migrate"/>.</returns>
    /// <exception cref="MaintenanceException">As for <see cref="Migrate"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public MigrationPlan Rollback(MigrationPlan plan, RollbackCommand command, CancellationToken cancellationToken) =>
        Run(plan, run => run.Rollback(command), cancellationToken);

    private MigrationPlan Run(MigrationPlan plan, Func<RehearsalRun, MigrationRehearsal> rehearse, CancellationToken cancellationToken)
    {
        RefuseOtherFiles(plan);
        // The copy, its log, and what is new in both.
        var size = database.FileExists ? taker.Plan(null).Bytes : 0;
        using var copy = RehearsalCopy.Create(database, directory, taker, (2 * size) + (2 * plan.NewBytes) + plan.RewrittenBytes, cancellationToken);
        var rows = UnknownRows.Fill(copy.Database, catalog, plan);
        copy.ForgetWal();
        var engine = new MigrationEngine(copy.Database, catalog, time, NullLogger<MigrationEngine>.Instance, options);
        return rows with { Rehearsal = rehearse(new RehearsalRun(copy, engine, catalog, cancellationToken)) };
    }

    // A script without a transaction may have these, and they would do from the copy to other files what they do from the database. It runs both ways.
    private void RefuseOtherFiles(MigrationPlan plan)
    {
        var scripts = plan.Steps.Select(step => catalog.Find(step.Version.Id)!).SelectMany(m => (MigrationScript[])[catalog.UpOf(m), catalog.DownOf(m)]);
        var found = scripts.SelectMany(script => script.Statements.Select(statement => (Script: script, Statement: statement))).FirstOrDefault(s => ReachesOtherFiles(s.Statement));
        if (found.Statement is not null)
        {
            throw MaintenanceException.InvalidArgument(
                "rehearse", FormattableString.Invariant($"{found.Script.Name}, statement {found.Statement.Number} (line {found.Statement.Line}) reaches other files, from a copy too; plan without a rehearsal"));
        }
    }

    private static bool ReachesOtherFiles(ScriptStatement statement) =>
        statement.Summary.Operation is "ATTACH" || (statement.Summary.Operation is "VACUUM" && SqlLexer.Read(statement.Sql).Any(t => t.Is("INTO")));
}
