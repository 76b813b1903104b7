using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Migrations.Rehearsal;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>
/// Plans of Migrate, Rollback and Repair with the room they need and, when asked for, a rehearsal. Nothing is written to the database and no
/// lock of it taken. Thread-safe.
/// </summary>
public sealed class SchemaPlans(MigrationEngine engine, ChangeSpace space, MigrationRehearsals rehearsals, BackupBeforeChange backup)
{
    /// <summary>What Migrate would do.</summary>
    /// <param name="command">What to migrate to.</param>
    /// <param name="rehearse">Whether to run it on a copy.</param>
    /// <param name="cancellationToken">Stops counting and copying.</param>
    /// <exception cref="Errors.MaintenanceException">As for <see cref="MigrationEngine.PlanMigrate"/> and <see cref="MigrationRehearsals"/>.</exception>
    public MigrationPlan Migrate(MigrateCommand command, bool rehearse, CancellationToken cancellationToken)
    {
        var plan = space.Measure(engine.PlanMigrate(command, cancellationToken));
        return rehearse ? rehearsals.Migrate(plan, command, cancellationToken) : plan;
    }

    /// <summary>What Rollback would do.</summary>
    /// <param name="command">What to undo.</param>
    /// <param name="rehearse">Whether to run it on a copy.</param>
    /// <param name="cancellationToken">Stops counting and copying.</param>
    /// <exception cref="Errors.MaintenanceException">As for <see cref="MigrationEngine.PlanRollback"/> and <see cref="MigrationRehearsals"/>.</exception>
    public MigrationPlan Rollback(RollbackCommand command, bool rehearse, CancellationToken cancellationToken)
    {
        var plan = space.Measure(engine.PlanRollback(command, cancellationToken));
        return rehearse ? rehearsals.Rollback(plan, command, cancellationToken) : plan;
    }

    /// <summary>What Repair would do.</summary>
    /// <param name="command">What to repair.</param>
    /// <param name="cancellationToken">Looked at before reading.</param>
    /// <exception cref="Errors.MaintenanceException">As for <see cref="MigrationEngine.PlanRepair"/>.</exception>
    public RepairPlan Repair(RepairCommand command, CancellationToken cancellationToken)
    {
        var plan = engine.PlanRepair(command, cancellationToken);
        return plan.IsEmpty ? plan : plan with { BackupBytes = backup.PlannedBytes() };
    }
}
