using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Drift: what the schema should be against what it is.</summary>
public sealed partial class MigrationEngine
{
    /// <summary>Compares the schema with what the migrations up to the current version make. Changes nothing and takes no lock.</summary>
    /// <param name="cancellationToken">Looked at before reading.</param>
    /// <exception cref="MaintenanceException">
    /// DATABASE_MISSING, HISTORY_UNREADABLE, MIGRATION_INVALID (a script does not run on an empty database), or what opening a reader reports.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public DriftReport Validate(CancellationToken cancellationToken = default) => Look("comparing the schema", Validate, cancellationToken);

    /// <summary>The same by way of a reader that is open already: nothing is waited for.</summary>
    /// <exception cref="MaintenanceException">HISTORY_UNREADABLE, MIGRATION_INVALID.</exception>
    /// <exception cref="SqliteException">The database cannot be read.</exception>
    internal DriftReport Validate(SqliteConnection reader)
    {
        var status = SchemaStatusReader.Read(reader, catalog);
        return new DriftReport(status.CurrentVersion, Differences(reader, status), [.. HistoryFinding.Of(status)]);
    }

    /// <summary>What a repair would do now. Changes nothing and takes no lock.</summary>
    /// <param name="command">What to repair.</param>
    /// <param name="cancellationToken">Looked at before reading.</param>
    /// <exception cref="MaintenanceException">As for <see cref="Repair"/>, without REPAIR_FAILED.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public RepairPlan PlanRepair(RepairCommand command, CancellationToken cancellationToken = default)
    {
        var realign = Resolve(command);
        return Look("planning a repair", connection => Plan(connection, command, realign).Plan, cancellationToken);
    }

    /// <summary>
    /// Recreates what is missing or different of the applied versions, where that loses nothing, and re-aligns the checksums named, all in
    /// one transaction. What is unexpected stays.
    /// </summary>
    /// <param name="command">What to repair.</param>
    /// <param name="cancellationToken">Looked at before the transaction.</param>
    /// <exception cref="MaintenanceException">
    /// INVALID_ARGUMENT realign_versions: an unknown version. FAILED_PRECONDITION: DATABASE_MISSING, DATABASE_NEWER_THAN_SERVICE, UNKNOWN_VERSION,
    /// VERSION_NOT_APPLIED, CHECKSUM_MISMATCH (an edited script that is not among those to re-align), HISTORY_UNREADABLE, REPAIR_FAILED. ABORTED
    /// ETAG_MISMATCH. Or what opening and writing the database reports.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public RepairResult Repair(RepairCommand command, CancellationToken cancellationToken = default)
    {
        var realign = Resolve(command);
        // Looked at first, so that no backup is taken of what needs no repair.
        if (PlanRepair(command, cancellationToken).IsEmpty)
            return new RepairResult([], []);
        var backup = command.BeforeChange?.Invoke();
        using var turn = database.WriteGate.Enter(cancellationToken);
        using var connection = database.OpenWriter();
        try
        {
            using var transaction = ImmediateTransaction.Begin(connection);
            var (plan, status) = Plan(connection, command, realign);
            if (plan.IsEmpty)
                return new RepairResult([], []) { BackupName = backup };
            Mend(connection, plan, status);
            transaction.Commit();
            logger.Repaired(database.Path, plan.Differences.Count, plan.RealignedVersions.Count);
            return new RepairResult(plan.Differences, plan.RealignedVersions) { BackupName = backup };
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, "repairing the schema");
        }
    }

    /// <summary>
    /// Says whether the schema is the one that was recorded when it came to its current version: after a crash, whether the last migration
    /// happened as a whole.
    /// </summary>
    /// <exception cref="MaintenanceException">DATABASE_MISSING, HISTORY_UNREADABLE, or what opening a reader reports.</exception>
    public RecordedSchema CheckRecorded() => Look("comparing the schema with its record", connection =>
    {
        var history = SchemaHistory.Read(connection);
        var current = SchemaStatusReader.Compare(catalog, history).CurrentVersion;
        var recorded = current is null ? null : SchemaHistory.ReadFingerprint(connection, history, current);
        return new RecordedSchema(current, new SchemaFingerprint().Read(connection), recorded);
    }, CancellationToken.None);

    private void Mend(SqliteConnection connection, RepairPlan plan, SchemaStatus status)
    {
        SchemaHistory.Ensure(connection, SchemaHistory.Read(connection));
        Mending.Run(database, connection, plan.Differences);
        foreach (var version in plan.RealignedVersions)
            SchemaHistory.SetChecksum(connection, catalog.Find(version)!);
        if (status.CurrentVersion is { } current)
            SchemaHistory.SetFingerprint(connection, current, new SchemaFingerprint().Read(connection));
        // Mending one object must not have broken another, or have had no effect.
        var left = Differences(connection, status).Where(d => d.IsMendable).ToList();
        if (left.Count > 0)
            throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.RepairFailed, $"The repair does not hold: {string.Join("; ", left)}. Everything was rolled back.");
    }

    private (RepairPlan Plan, SchemaStatus Status) Plan(SqliteConnection connection, RepairCommand command, IReadOnlyList<Migration> realign)
    {
        var status = SchemaStatusReader.Read(connection, catalog);
        var realigned = MigrationPlanner.Realign(status, realign);
        var plan = RepairPlan.Create(
            new SchemaFingerprint().Read(connection), catalog, [.. Differences(connection, status).Where(d => d.IsMendable)], [.. realigned.Select(m => m.Version.Id)]);
        return command.Etag is null || command.Etag == plan.Etag
            ? (plan, status)
            : throw new MaintenanceException(
                ErrorKind.Aborted, ErrorReasons.EtagMismatch, "etag: the schema or the scripts have changed since the repair was planned; plan again.")
            {
                Field = "etag",
            };
    }

    private IReadOnlyList<SchemaDifference> Differences(SqliteConnection connection, SchemaStatus status)
    {
        if (status.CurrentVersion is not { } current)
            return [];
        // What comes from a version that is pending below the current one is not there yet by right.
        return [.. SchemaComparison.Run(connection, catalog.Expected(current))
            .Where(d => d.Version is null || catalog.Find(d.Version) is { } owner && status.IsApplied(owner.Version) || d.Kind != SchemaDifferenceKind.Missing)];
    }

    private IReadOnlyList<Migration> Resolve(RepairCommand command) =>
        [.. command.RealignVersions.Select((v, i) => catalog.Resolve(v, $"realign_versions[{i}]")).DistinctBy(m => m.Version.Id).OrderBy(m => m.Version)];

    private T Look<T>(string doing, Func<SqliteConnection, T> look, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using var connection = database.OpenReader();
            connection.Execute("BEGIN");
            return look(connection);
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, doing);
        }
    }
}
