using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Backups.Drills;

/// <summary>
/// Restores a backup aside, with the pieces that Restore has, and checks what comes of it; the database is not touched. A backup that is not
/// found good is a result, not an error. Synchronous; one drill at a time per backup directory.
/// </summary>
public sealed class RestoreDrill(
    SqliteDatabase database, BackupDirectory directory, BackupTaker taker, Restorer restorer, RestoreDrillStore store, MigrationCatalog catalog, TimeProvider time, ILogger<RestoreDrill> logger)
{
    private const int Steps = 4;

    // What is being prepared and what is restored from it are there at the same time.
    private const int Copies = 2;

    /// <summary>What a drill would do. Writes nothing.</summary>
    /// <param name="backupName">Which backup; null: the newest.</param>
    /// <exception cref="MaintenanceException">BACKUP_NOT_FOUND (also: there is none at all), BACKUP_DIRECTORY_UNUSABLE.</exception>
    public RestoreDrillPlan Plan(string? backupName)
    {
        var backup = Choose(backupName);
        return new RestoreDrillPlan(backup, backup.Bytes * Copies, directory.AvailableBytes);
    }

    /// <summary>Runs a drill and remembers it.</summary>
    /// <param name="backupName">Which backup; null: the newest.</param>
    /// <param name="operationId">The operation it belongs to.</param>
    /// <param name="progress">Told what is being done, steps done, and steps in all.</param>
    /// <param name="cancellationToken">Interrupts it; nothing is left of it then.</param>
    /// <exception cref="MaintenanceException">
    /// BACKUP_NOT_FOUND, BACKUP_NO_SPACE, BACKUP_DIRECTORY_UNUSABLE, OPERATION_CONFLICT (another drill or rehearsal): nothing was found out.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public RestoreDrillResult Run(string? backupName, string operationId, Action<string, int, int>? progress, CancellationToken cancellationToken)
    {
        using var room = directory.EnterRehearsal(new LockOwner("rehearsing a restore") { OperationId = operationId });
        var backup = Choose(backupName);
        taker.RequireSpace(backup.Bytes * Copies);
        var result = Rehearse(backup, progress, cancellationToken);
        store.Add(new StoredDrill(operationId, backup.Name, time.GetUtcNow(), result.RecoveryDuration, result.Passed, result.Problems));
        if (result.Passed)
            Log.DrillPassed(logger, backup.Name, result.RecoveryDuration.TotalMilliseconds);
        else
            Log.DrillFailed(logger, backup.Name, string.Join("; ", result.Problems));
        return result;
    }

    private RestoreDrillResult Rehearse(Backup backup, Action<string, int, int>? progress, CancellationToken cancellationToken)
    {
        var (begun, recovery) = (time.GetTimestamp(), (TimeSpan?)null);
        var restored = directory.NewRehearsal();
        try
        {
            progress?.Invoke("Checking the backup.", 0, Steps);
            backup = restorer.Verify(backup, cancellationToken);
            Restore(backup, restored, progress, cancellationToken);
            recovery = time.GetElapsedTime(begun);
            progress?.Invoke("Checking what was restored.", 3, Steps);
            var problems = Check(backup, restored, cancellationToken);
            progress?.Invoke(problems.Count == 0 ? $"The backup {backup.Name} can be restored." : problems[0], Steps, Steps);
            return new RestoreDrillResult(backup, recovery.Value, problems.Count == 0, problems);
        }
        catch (MaintenanceException e) when (e.Reason is ErrorReasons.BackupDamaged or ErrorReasons.DatabaseNewer or ErrorReasons.DatabaseCorrupt or ErrorReasons.NotADatabase)
        {
            return new RestoreDrillResult(backup, recovery ?? time.GetElapsedTime(begun), false, [e.Message]);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB)
        {
            return new RestoreDrillResult(backup, recovery ?? time.GetElapsedTime(begun), false, [$"The backup {backup.Name} is damaged: {e.Message}."]);
        }
        catch (SqliteException e)
        {
            throw taker.Explain(e, "rehearsing a restore");
        }
        finally
        {
            BackupDirectory.RemoveTemporary(restored);
        }
    }

    /// <summary>As Restore does it, but into a file that nobody uses.</summary>
    private void Restore(Backup backup, string path, Action<string, int, int>? progress, CancellationToken cancellationToken)
    {
        progress?.Invoke("Preparing the copy.", 1, Steps);
        using (var stage = RestoreStage.Create(database, directory.PathOf(backup), directory.NewRehearsal(), catalog, cancellationToken))
        {
            progress?.Invoke("Restoring it aside.", 2, Steps);
            using var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            target.Open();
            using (var copy = PageCopy.Begin(stage.Connection, target))
                copy.Run(cancellationToken);
            // One file without a write-ahead log beside it.
            target.Pragma("journal_mode = DELETE");
        }

        directory.Guard(() =>
        {
            DurableFile.Flush(path);
            return true;
        });
    }

    private List<string> Check(Backup backup, string path, CancellationToken cancellationToken)
    {
        var restored = database.At(path);
        BackupChecks.RequireIntact(restored, "The restored copy", cancellationToken);
        var problems = new List<string>();
        using (var original = database.At(directory.PathOf(backup)).OpenReader())
        using (var copy = restored.OpenReader())
        {
            var content = DatabaseContent.Read(original);
            if (content.ComparableWith(content).DifferenceFrom(DatabaseContent.Read(copy).ComparableWith(content)) is { } difference)
                problems.Add($"The restored copy is not what the backup is: {difference}.");
            if (new SchemaFingerprint().Read(original) != new SchemaFingerprint().Read(copy))
                problems.Add("The restored copy's schema has another fingerprint than the backup's.");
        }

        return problems;
    }

    private Backup Choose(string? name) => name is not null
        ? directory.Get(name)
        : directory.List().FirstOrDefault()
            ?? throw new MaintenanceException(ErrorKind.NotFound, ErrorReasons.BackupNotFound, $"There is no backup in {directory.Path} to rehearse; take one first: threatlens backup.");
}
