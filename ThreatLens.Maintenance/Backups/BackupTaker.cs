using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Maintenance.Backups;

/// <summary>
/// Takes verified backups beside whatever else goes on: <c>VACUUM INTO</c> only reads. Synchronous, as SQLite is. Thread-safe: one at a
/// time per directory, whoever comes second is refused.
/// </summary>
public sealed class BackupTaker(SqliteDatabase database, BackupDirectory directory, MigrationCatalog catalog, IOptions<BackupOptions> options, TimeProvider time, ILogger<BackupTaker> logger)
{
    // For the journal that checking may need, the side file, and what is committed while the copy is made.
    private const long SpareBytes = 1024 * 1024;
    private const int Steps = 3;

    /// <summary>What <see cref="Take"/> would do. Writes nothing.</summary>
    /// <param name="keep">How many to keep, 1 to 1000; null: as configured.</param>
    /// <exception cref="MaintenanceException">The database or the directory cannot be read.</exception>
    public BackupPlan Plan(int? keep)
    {
        var newest = directory.List();
        // The one to be taken counts.
        var removed = BackupDirectory.BeyondNewest(newest, (keep ?? options.Value.Keep) - 1);
        return new BackupPlan(UsedBytes(), directory.AvailableBytes, [.. removed.Select(b => b.Name)]);
    }

    /// <summary>Takes a backup, verifies it, then removes those that are too many.</summary>
    /// <param name="operationId">The operation it belongs to.</param>
    /// <param name="keep">How many to keep, 1 to 1000; null: as configured.</param>
    /// <param name="progress">Told what is being done, steps done, and steps in all.</param>
    /// <param name="cancellationToken">Interrupts it; nothing is left of it then.</param>
    /// <exception cref="MaintenanceException">
    /// BACKUP_NO_SPACE, BACKUP_DIRECTORY_UNUSABLE, BACKUP_DAMAGED (the copy is not what the database is), OPERATION_CONFLICT, or the
    /// database cannot be read. Nothing is left of it then.
    /// </exception>
    public BackupResult Take(string operationId, int? keep, Action<string, int, int>? progress = null, CancellationToken cancellationToken = default)
    {
        using var held = directory.Enter(new LockOwner("taking a backup") { OperationId = operationId });
        RequireSpace(UsedBytes());
        var temporary = directory.NewTemporary(operationId, "backup");
        try
        {
            progress?.Invoke("Copying the database.", 0, Steps);
            var begun = time.GetUtcNow();
            var content = Copy(temporary, cancellationToken);
            progress?.Invoke("Checking the copy.", 1, Steps);
            var version = Verify(temporary, content, cancellationToken);
            progress?.Invoke("Storing the copy.", 2, Steps);
            var backup = directory.Guard(() => Publish(temporary, version, operationId, begun));
            Log.Taken(logger, backup.Name, backup.Bytes, operationId);
            return new BackupResult(backup, Prune(keep ?? options.Value.Keep));
        }
        finally
        {
            BackupDirectory.RemoveTemporary(temporary);
        }
    }

    /// <summary>Whether any table but the service's own and the history has a row.</summary>
    internal bool HoldsRows() => database.FileExists && SqliteSession.Read(database, "looking for rows", HoldsRows);

    /// <inheritdoc cref="HoldsRows()"/>
    internal static bool HoldsRows(SqliteSession session) => session
        .Query("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0", row => row.GetString(0))
        .Any(table => ProductTables.Contains(table) && session.Query($"SELECT 1 FROM {DatabaseContent.Quote(table)} LIMIT 1", _ => true).Count > 0);

    /// <exception cref="MaintenanceException">BACKUP_NO_SPACE.</exception>
    internal void RequireSpace(long bytes)
    {
        var (needed, available) = (bytes + SpareBytes, directory.AvailableBytes);
        if (available < needed)
        {
            throw NoSpace($"{needed} bytes are needed, {available} are free", new Dictionary<string, string>
            {
                ["requiredBytes"] = needed.ToString(System.Globalization.CultureInfo.InvariantCulture),
                ["availableBytes"] = available.ToString(System.Globalization.CultureInfo.InvariantCulture),
            });
        }
    }

    /// <summary>The error for what went wrong while a copy was written into the directory.</summary>
    internal MaintenanceException Explain(SqliteException e, string doing) => e.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => NoSpace("the disk is full", cause: e),
        raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_READONLY => directory.Unusable(e.Message, e),
        _ => database.Translate(e, doing),
    };

    private DatabaseContent Copy(string temporary, CancellationToken cancellationToken)
    {
        try
        {
            return SnapshotCopy.VacuumInto(database, temporary, cancellationToken);
        }
        catch (SqliteException e)
        {
            throw Explain(e, "copying it for a backup");
        }
    }

    private string Verify(string temporary, DatabaseContent original, CancellationToken cancellationToken)
    {
        const string What = "The copy made for a backup";
        var copy = database.At(temporary);
        BackupChecks.RequireIntact(copy, What, cancellationToken);
        using var connection = copy.OpenReader();
        if (original.DifferenceFrom(DatabaseContent.Read(connection)) is { } difference)
            throw BackupChecks.Damaged(What, difference);
        return SchemaStatusReader.Read(connection, catalog).CurrentVersion?.Id ?? "";
    }

    private Backup Publish(string temporary, string version, string operationId, DateTimeOffset begun)
    {
        var (name, at) = directory.NewBackupName(version, begun);
        var backup = new Backup
        {
            Name = name,
            CreatedAt = at,
            Bytes = new FileInfo(temporary).Length,
            SchemaVersion = version,
            VerifiedAt = time.GetUtcNow(),
            OperationId = operationId,
        };
        directory.Publish(temporary, backup);
        return backup;
    }

    private List<string> Prune(int keep)
    {
        var removed = new List<string>();
        foreach (var backup in BackupDirectory.BeyondNewest(directory.List(), keep))
        {
            try
            {
                directory.Remove(backup);
                removed.Add(backup.Name);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The new backup is there all the same; the old one goes with the next.
                Log.NotRemoved(logger, e, backup.Name);
            }
        }

        return removed;
    }

    private long UsedBytes() => SqliteSession.Read(database, "reading sizes", session =>
        (session.Query("PRAGMA page_count", row => row.GetInt64(0))[0] - session.Query("PRAGMA freelist_count", row => row.GetInt64(0))[0])
        * session.Query("PRAGMA page_size", row => row.GetInt64(0))[0]);

    private MaintenanceException NoSpace(string why, IReadOnlyDictionary<string, string>? metadata = null, Exception? cause = null) =>
        new(ErrorKind.ResourceExhausted, ErrorReasons.BackupNoSpace, $"There is no room in {directory.Path}: {why}. Free space, or set Maintenance:Backups:Directory.", cause)
        {
            Metadata = metadata ?? new Dictionary<string, string>(),
        };
}
