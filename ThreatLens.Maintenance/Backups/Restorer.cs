using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Backups;

/// <summary>
/// Puts a backup in place of the database's content, in one transaction of SQLite's: the file stays, other connections stay valid, and a
/// crash at any moment leaves the old content or the new one. What the database was is put aside first. Synchronous.
/// </summary>
public sealed class Restorer(
    SqliteDatabase database, BackupDirectory directory, BackupTaker taker, MigrationCatalog catalog, TimeProvider time, ILogger<Restorer> logger)
{
    private const int Steps = 5;

    /// <summary>What a restore would do. Writes nothing; reads all of the backup, and one that is damaged is an error.</summary>
    /// <param name="command">Which backup.</param>
    /// <param name="cancellationToken">Interrupts the counting.</param>
    /// <exception cref="MaintenanceException">BACKUP_NOT_FOUND, BACKUP_DAMAGED, DATABASE_NEWER_THAN_SERVICE, ETAG_MISMATCH, or a file cannot be read.</exception>
    public RestorePlan Plan(RestoreCommand command, CancellationToken cancellationToken = default)
    {
        var backup = directory.Get(command.BackupName);
        // Else its damage would look like that of the tables it is compared with.
        BackupChecks.RequireIntact(database.At(directory.PathOf(backup)), $"The backup {backup.Name}", cancellationToken);
        RequireKnownVersion(backup);
        var etag = RequireEtag(backup, command.Etag);
        var loss = Translated(() => CountLoss(backup, cancellationToken));
        return new RestorePlan(backup, loss.Rows, loss.UnreadableTables, etag);
    }

    /// <summary>Restores.</summary>
    /// <param name="command">Which backup, and what may be lost.</param>
    /// <param name="operationId">The operation it belongs to; its row goes over into the restored database.</param>
    /// <param name="onReplaced">Called as soon as the content is replaced, while this process's writers still wait.</param>
    /// <param name="progress">Told what is being done, steps done, and steps in all.</param>
    /// <param name="cancellationToken">Interrupts it until the content is replaced; nothing has changed then.</param>
    /// <exception cref="MaintenanceException">
    /// As <see cref="Plan"/>; ROWS_WOULD_BE_LOST (rowsLost in the metadata), BACKUP_NO_SPACE, BACKUP_DIRECTORY_UNUSABLE, OPERATION_CONFLICT,
    /// DATABASE_LOCKED. Nothing has changed then.
    /// </exception>
    public RestoreResult Restore(
        RestoreCommand command, string operationId, Action? onReplaced = null, Action<string, int, int>? progress = null, CancellationToken cancellationToken = default)
    {
        using var held = directory.Enter(new LockOwner("restoring a backup") { OperationId = operationId });
        var backup = directory.Get(command.BackupName);
        progress?.Invoke("Checking the backup.", 0, Steps);
        RequireEtag(backup, command.Etag);
        backup = Verify(backup, cancellationToken);
        progress?.Invoke("Counting what would be lost.", 1, Steps);
        RequireBound(Translated(() => CountLoss(backup, cancellationToken)), command);
        // The copy to be put in place, and what the database was; the rest is the write-ahead log's.
        taker.RequireSpace(backup.Bytes + new FileInfo(database.Path).Length);

        progress?.Invoke("Preparing the copy.", 2, Steps);
        var result = Translated(() =>
        {
            using var stage = RestoreStage.Create(database, directory.PathOf(backup), directory.NewTemporary(operationId, "restore"), catalog, cancellationToken);
            return Replace(stage, backup, command, operationId, onReplaced, progress, cancellationToken);
        });
        Log.Restored(logger, backup.Name, result.RowsLost, result.ReplacedPath);
        return result;
    }

    private RestoreResult Replace(
        RestoreStage stage, Backup backup, RestoreCommand command, string operationId, Action? onReplaced, Action<string, int, int>? progress, CancellationToken cancellationToken)
    {
        using var turn = database.WriteGate.Enter(cancellationToken);
        using var target = database.OpenWriter();
        using var copy = PageCopy.Begin(stage.Connection, target);
        // From here on nobody, of this process or another, writes the database: what is counted and put aside is what is replaced.
        var loss = CountLoss(backup, cancellationToken);
        RequireBound(loss, command);
        progress?.Invoke("Putting the present database aside.", 3, Steps);
        var replaced = PutAside(operationId, cancellationToken);
        try
        {
            stage.CarryOperations(database, operationId, $"The backup {backup.Name} is in place.");
            progress?.Invoke("Putting the backup in place.", 4, Steps);
            PutInPlace(copy, cancellationToken);
        }
        catch
        {
            // It was not replaced after all.
            File.Delete(replaced);
            throw;
        }

        onReplaced?.Invoke();
        Tidy(target);
        progress?.Invoke($"The backup {backup.Name} is in place.", Steps, Steps);
        return new RestoreResult(backup, loss.Rows, loss.UnreadableTables, replaced);
    }

    private void PutInPlace(PageCopy copy, CancellationToken cancellationToken)
    {
        try
        {
            copy.Run(cancellationToken);
        }
        catch (SqliteException e)
        {
            // Of the database's own disk, not of the backups'.
            throw database.Translate(e, "putting a backup in place");
        }
    }

    /// <summary>The whole content is in the write-ahead log now; it need not stay there. Waits for nobody.</summary>
    private void Tidy(SqliteConnection target)
    {
        try
        {
            target.Pragma("wal_checkpoint(PASSIVE)");
        }
        catch (SqliteException e)
        {
            Log.NotTidied(logger, e);
        }
    }

    /// <summary>Page by page, whatever they hold: a damaged database is put aside as damaged as it is.</summary>
    private string PutAside(string operationId, CancellationToken cancellationToken)
    {
        var temporary = directory.NewTemporary(operationId, "replaced");
        try
        {
            using (var present = database.OpenReader())
            using (var aside = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = temporary, Pooling = false }.ToString()))
            {
                aside.Open();
                using (var copy = PageCopy.Begin(present, aside))
                    copy.Run(cancellationToken);
                // One file without a write-ahead log beside it.
                aside.Pragma("journal_mode = DELETE");
            }

            return directory.Guard(() =>
            {
                DurableFile.Flush(temporary);
                var path = Path.Combine(directory.Path, directory.NewName("replaced.sqlite", time.GetUtcNow()).Name);
                DurableFile.Rename(temporary, path);
                return path;
            });
        }
        finally
        {
            BackupDirectory.RemoveTemporary(temporary);
        }
    }

    /// <summary>Reads all of a backup, and writes down that it is sound.</summary>
    /// <exception cref="MaintenanceException">BACKUP_DAMAGED, DATABASE_NEWER_THAN_SERVICE, BACKUP_DIRECTORY_UNUSABLE.</exception>
    internal Backup Verify(Backup backup, CancellationToken cancellationToken)
    {
        BackupChecks.RequireIntact(database.At(directory.PathOf(backup)), $"The backup {backup.Name}", cancellationToken);
        RequireKnownVersion(backup);
        var verified = backup with { VerifiedAt = time.GetUtcNow() };
        return directory.Guard(() =>
        {
            directory.WriteSideFile(verified);
            return verified;
        });
    }

    /// <exception cref="MaintenanceException">DATABASE_NEWER_THAN_SERVICE, BACKUP_DAMAGED.</exception>
    private void RequireKnownVersion(Backup backup)
    {
        var what = $"The backup {backup.Name}";
        try
        {
            using var connection = database.At(directory.PathOf(backup)).OpenReader();
            var service = connection.Scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'maintenance_schema'") is null
                ? 0
                : connection.Scalar("SELECT version FROM maintenance_schema WHERE id = 1") as long? ?? 0;
            if (SchemaStatusReader.Read(connection, catalog).IsNewerThanService || service > ServiceSchema.LatestVersion)
                throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.DatabaseNewer, $"{what} was taken by a newer version of this service; run that version. Nothing was changed.");
        }
        catch (SqliteException e)
        {
            throw BackupChecks.Damaged(what, e.Message, e);
        }
        catch (MaintenanceException e) when (e.Reason is ErrorReasons.NotADatabase or ErrorReasons.DatabaseCorrupt)
        {
            throw BackupChecks.Damaged(what, e.Message, e);
        }
    }

    private string RequireEtag(Backup backup, string? etag)
    {
        using var connection = database.OpenReader();
        var text = string.Create(CultureInfo.InvariantCulture, $"{backup.Name}\n{backup.Bytes}\n{backup.CreatedAt:O}\n{string.Join('\n', DatabaseContent.ReadSchema(connection))}");
        var now = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
        return etag is null || etag == now
            ? now
            : throw new MaintenanceException(ErrorKind.Aborted, ErrorReasons.EtagMismatch, "etag: the backup or the schema was changed since the plan was made; make a new plan.") { Field = "etag" };
    }

    private RowLoss CountLoss(Backup backup, CancellationToken cancellationToken)
    {
        using var present = database.OpenReader();
        return RowLoss.Count(present, directory.PathOf(backup), cancellationToken);
    }

    private static void RequireBound(RowLoss loss, RestoreCommand command)
    {
        if (loss.Rows <= (command.MaxRowsLost ?? 0) && (command.MaxRowsLost is not null || loss.UnreadableTables.Count == 0))
            return;
        var rows = loss.Rows.ToString(CultureInfo.InvariantCulture);
        var unreadable = loss.UnreadableTables.Count == 0 ? "" : $", and an unknown number in the damaged tables {string.Join(", ", loss.UnreadableTables)}";
        throw new MaintenanceException(
            ErrorKind.FailedPrecondition, ErrorReasons.RowsWouldBeLost, $"The restore would lose {rows} rows that are newer than the backup{unreadable}; confirm with max_rows_lost of at least {rows}. Nothing was changed.")
        {
            Field = "max_rows_lost",
            Metadata = new Dictionary<string, string> { ["rowsLost"] = rows, ["unreadableTables"] = string.Join(", ", loss.UnreadableTables) },
        };
    }

    private T Translated<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException e)
        {
            throw taker.Explain(e, "restoring a backup");
        }
    }
}
