using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Backups;

/// <summary>
/// A copy of a backup, made into exactly what the database is to be: with the database's page size, which SQLite cannot change in place,
/// with the service's own tables in their present form, and with the history of operations.
/// </summary>
internal sealed class RestoreStage : IDisposable
{
    /// <summary>The service's own tables that tell of the past, which a restore does not undo.</summary>
    private static readonly string[] Records = ["maintenance_operations", "maintenance_restore_drills", "maintenance_health_samples"];

    private readonly SqliteDatabase _file;

    private RestoreStage(SqliteDatabase file, SqliteConnection connection)
    {
        _file = file;
        Connection = connection;
    }

    /// <summary>The one connection that changes it.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>Makes the copy.</summary>
    /// <exception cref="SqliteException">It could not be made.</exception>
    public static RestoreStage Create(SqliteDatabase database, string backupPath, string path, MigrationCatalog catalog, CancellationToken cancellationToken)
    {
        long pageSize;
        using (var present = database.OpenReader())
            pageSize = (long)present.Pragma("page_size")!;
        using (var backup = database.At(backupPath).OpenReader())
        {
            backup.Pragma(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"page_size = {pageSize}"));
            backup.ExecuteInterruptibly("VACUUM INTO $path", cancellationToken, ("$path", path));
        }

        var file = database.At(path);
        var migrations = new MigrationEngine(file, catalog, database.Time, NullLogger<MigrationEngine>.Instance);
        new ServiceSchema(file, migrations, database.Time).Ensure(mayCreateDatabase: false, cancellationToken);
        return new RestoreStage(file, file.OpenWriter());
    }

    /// <summary>
    /// Takes over what the database knows of operations, drills and its own health: it knows at least what the backup does, and later. The running
    /// operation says that the backup is in place, which is true as soon as this content is the database's; so the record is right after a crash, too.
    /// </summary>
    public void CarryOperations(SqliteDatabase database, string operationId, string message)
    {
        Connection.Execute("ATTACH $path AS present", ("$path", database.Path));
        // Schedules too: a pause stays, and what has run since the backup was taken is not taken for missed.
        // What was said of the clock is of the operations that are taken over.
        foreach (var table in (string[])[.. Records, "maintenance_schedules", "maintenance_clock_acceptances"])
        {
            var columns = string.Join(", ", Connection.Texts("SELECT name FROM pragma_table_info($table, 'present') ORDER BY cid", ("$table", table)).Select(DatabaseContent.Quote));
            if (columns.Length > 0)
                Connection.Execute($"INSERT OR REPLACE INTO main.{table}({columns}) SELECT {columns} FROM present.{table}");
        }

        Connection.Execute(
            "UPDATE main.maintenance_operations SET progress = json_set(progress, '$.Message', $message) WHERE id = $id", ("$message", message), ("$id", operationId));
        Connection.Execute("DETACH present");
    }

    public void Dispose()
    {
        Connection.Dispose();
        BackupDirectory.RemoveTemporary(_file.Path);
    }
}
