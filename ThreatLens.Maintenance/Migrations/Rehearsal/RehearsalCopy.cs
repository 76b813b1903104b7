using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Rehearsal;

/// <summary>A consistent copy of the database to run migrations on, opened as the database is. Removed when disposed, and after a crash by whoever comes next.</summary>
internal sealed class RehearsalCopy : IDisposable
{
    private readonly MaintenanceLock _held;
    private SqliteConnection? _open;

    private RehearsalCopy(MaintenanceLock held, SqliteDatabase database) => (_held, Database) = (held, database);

    public SqliteDatabase Database { get; }

    /// <summary>Size of the write-ahead log, bytes: the most it had, since the file is written over and does not shrink while it is open.</summary>
    public long WalBytes => Database.LogBytes;

    /// <summary>Copies the database; one without a file is copied as an empty one.</summary>
    /// <exception cref="Errors.MaintenanceException">OPERATION_CONFLICT, BACKUP_NO_SPACE, BACKUP_DIRECTORY_UNUSABLE, or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static RehearsalCopy Create(SqliteDatabase database, BackupDirectory directory, BackupTaker taker, long bytes, CancellationToken cancellationToken)
    {
        var held = directory.EnterRehearsal(new LockOwner("rehearsing a migration"));
        RehearsalCopy? copy = null;
        try
        {
            taker.RequireSpace(bytes);
            copy = new RehearsalCopy(held, database.At(directory.NewRehearsal()));
            copy.Fill(database, taker, cancellationToken);
            return copy;
        }
        catch
        {
            copy?.Remove();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Empties the write-ahead log, so that only what follows counts.</summary>
    public void ForgetWal() => _open!.Pragma("wal_checkpoint(TRUNCATE)");

    public void Dispose()
    {
        Remove();
        _held.Dispose();
    }

    private void Fill(SqliteDatabase database, BackupTaker taker, CancellationToken cancellationToken)
    {
        try
        {
            if (database.FileExists)
                SnapshotCopy.VacuumInto(database, Database.Path, cancellationToken);
            else
                File.WriteAllBytes(Database.Path, []);
            // Stays open, so that the log stays there to be looked at.
            _open = Database.OpenWriter();
        }
        catch (SqliteException e)
        {
            throw taker.Explain(e, "copying it for a rehearsal");
        }
    }

    private void Remove()
    {
        _open?.Dispose();
        BackupDirectory.RemoveTemporary(Database.Path);
    }
}
