using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>
/// A database that holds nothing yet gets its schema in one transaction: it is waited for the disk once, and a crash leaves an empty database
/// rather than a young one. Nobody can be kept from writing by it, since there is no table to write to.
/// </summary>
internal sealed partial class MigrationRun
{
    /// <summary>Applies the migrations as one, if the database is empty and nothing of them needs transactions of its own.</summary>
    /// <returns>
    /// Whether it did. If not, nothing has happened, and each is to be applied by itself: also when a script failed or is refused, since those before it
    /// are to stay.
    /// </returns>
    /// <exception cref="MaintenanceException">
    /// CANCELLED: what was applied by then is committed. Anything else, such as DATABASE_LOCKED, DATABASE_FULL and ETAG_MISMATCH, would only come again: nothing has happened.
    /// </exception>
    private bool TryMakeNew(
        IReadOnlyList<Migration> migrations, MigrateCommand command, List<AppliedMigration> done, IProgress<MigrationProgress>? progress, CancellationToken cancellationToken)
    {
        if (migrations.Count < 2 || !catalog.Hooks.IsEmpty || migrations.Any(m => !catalog.UpOf(m).IsTransactional))
            return false;
        try
        {
            if (!IsEmpty(SchemaHistory.Read(connection)))
                return false;
            using var transaction = Timed(Begin, () => ImmediateTransaction.Begin(connection));
            var history = SchemaHistory.Read(connection);
            // Another process may have come first.
            if (!IsEmpty(history))
                return false;
            var applied = MakeNew(migrations, history, command, transaction, progress, cancellationToken);
            Timed(Commit, transaction.Commit);
            done.AddRange(applied);
        }
        catch (Exception e) when (e is MaintenanceException or SqliteException)
        {
            _fingerprint.Forget();
            Guard?.StartAnew();
            var error = e as MaintenanceException ?? database.Translate((SqliteException)e, "making the schema of an empty database");
            if (IsOfOneScript(error))
                return false;
            logger.Failed(migrations[0].Version.Id, database.Path, error.Message);
            throw error;
        }

        Current = done[^1].Version;
        foreach (var migration in done)
            logger.Applied(migration.Version.Id, database.Path, migration.Duration.TotalMilliseconds, migration.Statements, migration.SkippedStatements);
        if (done.Count < migrations.Count)
            StopIfAsked(done, down: false, cancellationToken);
        return true;
    }

    // What one script is refused for, or fails of, is no reason to undo those before it.
    private static bool IsOfOneScript(MaintenanceException error) =>
        error.Reason is ErrorReasons.MigrationFailed or ErrorReasons.LintFailed or ErrorReasons.ObjectsInTheWay or ErrorReasons.RollbackRefused;

    private bool IsEmpty(HistorySnapshot history) => history.Columns is null && _fingerprint.Read(connection) == SchemaFingerprint.Empty;

    private List<AppliedMigration> MakeNew(
        IReadOnlyList<Migration> migrations, HistorySnapshot history, MigrateCommand command, ImmediateTransaction transaction,
        IProgress<MigrationProgress>? progress, CancellationToken cancellationToken)
    {
        Guard?.Enter(connection, history);
        EnsureHistory(history);
        var applied = new List<AppliedMigration>(migrations.Count);
        foreach (var migration in migrations)
        {
            if (applied.Count > 0 && cancellationToken.IsCancellationRequested)
                break;
            var started = time.GetTimestamp();
            progress?.Report(new MigrationProgress(migration.Version, applied.Count, migrations.Count));
            using var activity = StartActivity(migration.Version, down: false);
            var (ran, skipped) = RunAndRecord(migration, command, transaction, _fingerprint.Read(connection), started, adopts: false);
            Tell(activity, ran, skipped);
            applied.Add(new AppliedMigration(migration.Version, time.GetElapsedTime(started), ran, skipped));
            progress?.Report(new MigrationProgress(migration.Version, applied.Count, migrations.Count));
        }

        return applied;
    }
}
