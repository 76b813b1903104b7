using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Adopting what the original application recorded: all of it in one transaction.</summary>
internal sealed partial class MigrationRun
{
    /// <summary>
    /// Applies what is pending below the versions without a checksum, creates what is missing of those, and fills their checksums.
    /// </summary>
    /// <param name="through">The highest version to adopt.</param>
    /// <param name="command">For whom.</param>
    /// <param name="done">Gets what was applied below them, once that is committed.</param>
    /// <returns>What was adopted, in order.</returns>
    private List<AppliedMigration> Adopt(MigrationVersion through, MigrateCommand command, List<AppliedMigration> done)
    {
        var started = time.GetTimestamp();
        using var transaction = Timed(Begin, () => ImmediateTransaction.Begin(connection));
        var history = SchemaHistory.Read(connection);
        Guard?.Enter(connection, history);
        var status = SchemaStatusReader.Compare(catalog, history);
        Current = status.CurrentVersion;
        var unadopted = status.Unadopted.Where(s => s.Version.CompareTo(through) <= 0).Select(s => catalog.Find(s.Version.Id)!).ToList();
        if (unadopted.Count == 0)
        {
            logger.DoneByAnother(through.Id, database.Path);
            return [];
        }

        var gaps = status.Pending.Where(s => s.Version.CompareTo(through) < 0).Select(s => catalog.Find(s.Version.Id)!).ToList();
        foreach (var gap in gaps)
            MigrationPlanner.RecheckForward(status, gap, command.Order);
        MigrationPlanner.RecheckAdoption(status);
        _isAdopting = true;
        EnsureHistory(history);
        var applied = gaps.ConvertAll(gap => ApplyGap(gap, command, transaction));
        var created = new Adoption(database, connection, catalog).Complete(through, unadopted.Select(m => m.Version.Id).ToHashSet());
        var fingerprint = _fingerprint.Read(connection);
        Timed(Update, () =>
        {
            foreach (var migration in unadopted)
            {
                SchemaHistory.SetChecksum(connection, migration);
                SchemaHistory.SetFingerprint(connection, migration.Version, fingerprint);
            }
        });
        Timed(Commit, transaction.Commit);

        done.AddRange(applied);
        foreach (var gap in applied)
            logger.Applied(gap.Version.Id, database.Path, gap.Duration.TotalMilliseconds, gap.Statements, gap.SkippedStatements);
        logger.Adopted(string.Join(", ", unadopted.Select(m => m.Version.Id)), database.Path, created.Count);
        var duration = time.GetElapsedTime(started);
        return unadopted.ConvertAll(m => new AppliedMigration(m.Version, duration, created.Count(d => d.Version == m.Version.Id), 0));
    }

    private AppliedMigration ApplyGap(Migration migration, MigrateCommand command, ImmediateTransaction transaction)
    {
        var started = time.GetTimestamp();
        var (ran, skipped) = RunAndRecord(migration, command, transaction, _fingerprint.Read(connection), started, adopts: true);
        return new AppliedMigration(migration.Version, time.GetElapsedTime(started), ran, skipped);
    }
}
