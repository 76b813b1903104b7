using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>
/// Brings a database's schema up and down, one transaction per migration (or for all of a new database's), each with its history row: after any failure or crash the schema is
/// at a version, never between two. Everything is synchronous, as SQLite is. Thread-safe: runs of one process queue in the database's
/// <see cref="WriteGate"/>, which a run holds from its first migration to its last; runs of several processes meet in
/// SQLite's write lock, where each re-reads the history.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="catalog">The migrations it should have.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where each migration is logged.</param>
/// <param name="options">How migrations are looked at; null: the defaults.</param>
public sealed partial class MigrationEngine(
    SqliteDatabase database, MigrationCatalog catalog, TimeProvider time, ILogger<MigrationEngine> logger, IOptions<MigrationOptions>? options = null)
{
    private MigrationOptions Options { get; } = options?.Value ?? new MigrationOptions();

    /// <summary>Reads where the schema stands. Changes nothing and takes no lock; a missing file in an existing directory is an empty database.</summary>
    /// <param name="cancellationToken">Looked at before reading.</param>
    /// <exception cref="MaintenanceException">HISTORY_UNREADABLE, or what opening a reader reports.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public SchemaStatus GetStatus(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using var snapshot = database.TryOpenSnapshot();
            return snapshot is null ? SchemaStatusReader.OfMissingDatabase(catalog) : SchemaStatusReader.Read(snapshot.Connection, catalog);
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, "reading the migration history");
        }
    }

    /// <summary>
    /// Adopts what the original application recorded, then applies what is pending, up to the target. With nothing of either it takes no lock
    /// and writes nothing.
    /// </summary>
    /// <param name="command">What to migrate to, and for whom.</param>
    /// <param name="progress">Told before and after each migration; called on the thread that calls this.</param>
    /// <param name="cancellationToken">Looked at between migrations only: what was applied by then stays.</param>
    /// <returns>What was applied.</returns>
    /// <exception cref="MaintenanceException">
    /// INVALID_ARGUMENT target_version: unknown, or below the current version; allow: no such rule. ABORTED ETAG_MISMATCH. FAILED_PRECONDITION: LINT_FAILED, DATABASE_NEWER_THAN_SERVICE, UNKNOWN_VERSION
    /// (in the history), CHECKSUM_MISMATCH, VERSION_OUT_OF_ORDER, HISTORY_UNREADABLE, ADOPTION_REFUSED (a database that is not ours has tables of
    /// another shape), MIGRATION_FAILED (the versions applied before it stay, and are in the metadata as appliedVersions). Or what opening and writing the database reports.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before anything was done; after that it is CANCELLED, with appliedVersions.</exception>
    public MigrateResult Migrate(MigrateCommand command, IProgress<MigrationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var target = ResolveTarget(command);
        var guard = NewGuard(command, target);
        var before = GetStatus(cancellationToken);
        var plan = MigrationPlanner.Forward(catalog, before, target, command.Order);
        if (plan.IsEmpty)
        {
            logger.NothingToDo(database.Path, before.CurrentVersion?.Id);
            return new MigrateResult(before.CurrentVersion, before.CurrentVersion, []);
        }

        RefuseDangers(before, plan, command, cancellationToken);
        var backup = command.BeforeChange?.Invoke();
        var (done, current, hook) = Change(guard, run => run.Apply(plan, command, progress, cancellationToken), cancellationToken);
        return new MigrateResult(before.CurrentVersion, current, done.Applied) { Adopted = done.Adopted, BackupName = backup, IsOneTransaction = done.IsOneTransaction, LongestHook = hook };
    }

    /// <summary>Undoes applied versions, the highest first.</summary>
    /// <param name="command">What to undo, and for whom.</param>
    /// <param name="progress">Told before and after each migration; called on the thread that calls this.</param>
    /// <param name="cancellationToken">Looked at between migrations only: what was undone by then stays undone.</param>
    /// <returns>What was undone; nothing when <see cref="RollbackCommand.ToVersion"/> is the current version.</returns>
    /// <exception cref="MaintenanceException">
    /// INVALID_ARGUMENT: an unknown version, to_version above the current one, steps below 1 or above what is applied, several of the three,
    /// cascade without version, max_values_lost below 0, an unknown rule to allow. ABORTED ETAG_MISMATCH.
    /// FAILED_PRECONDITION: VERSION_NOT_APPLIED, LATER_VERSIONS_APPLIED, ROLLBACK_REFUSED, VALUES_WOULD_BE_LOST, LINT_FAILED, DATABASE_NEWER_THAN_SERVICE, UNKNOWN_VERSION,
    /// HISTORY_UNREADABLE, MIGRATION_FAILED (undoneVersions in the metadata). Or what opening and writing the database reports.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before anything was done; after that it is CANCELLED, with undoneVersions.</exception>
    public RollbackResult Rollback(RollbackCommand command, IProgress<MigrationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var request = RollbackRequest.Read(catalog, command);
        var guard = NewGuard(command, request);
        var before = GetStatus(cancellationToken);
        var undo = MigrationPlanner.Backward(catalog, before, request);
        if (undo.Count == 0)
        {
            logger.NothingToDo(database.Path, before.CurrentVersion?.Id);
            return new RollbackResult(before.CurrentVersion, before.CurrentVersion, []);
        }

        RefuseDangers(undo, command, cancellationToken);
        var backup = command.BeforeChange?.Invoke();
        var (undone, current, hook) = Change(guard, run => run.Undo(undo, progress, cancellationToken), cancellationToken);
        return new RollbackResult(before.CurrentVersion, current, undone) { BackupName = backup, ValuesLost = guard.ValuesLost, LongestHook = hook };
    }

    private Changed<T> Change<T>(ChangeGuard guard, Func<MigrationRun, T> change, CancellationToken cancellationToken)
    {
        using var turn = database.WriteGate.Enter(cancellationToken);
        using var connection = database.OpenWriter();
        var run = new MigrationRun(database, connection, catalog, time, logger) { Guard = guard };
        return new Changed<T>(change(run), run.Current, run.LongestHook);
    }

    private sealed record Changed<T>(T Done, MigrationVersion? Current, TimeSpan LongestHook);
}
