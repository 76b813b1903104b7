using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Tests.Migrations;
using ThreatLens.Testing.Sqlite;

namespace ThreatLens.Maintenance.Tests.Backups;

/// <summary>A migrated database with rows, and what takes and restores its backups.</summary>
public abstract class BackupTestBase : SqliteMigrationTestBase
{
    private protected static string NewId() => Guid.NewGuid().ToString("N");

    private protected BackupOptions Options { get; } = new();

    private protected string Directory => Folder.File("backups");

    private protected void Migrated(int events = 3)
    {
        Engine().Migrate(new MigrateCommand());
        new ServiceSchema(Database(), Engine(), TimeProvider.System).Ensure(mayCreateDatabase: false, CancellationToken.None);
        AddEvents(events);
    }

    private protected void AddEvents(int count, int bytes = 10) => File.Execute(
        $"""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
        INSERT INTO raw_logs(id, content, source) SELECT hex(randomblob(16)), hex(randomblob({bytes})), 'test' FROM n WHERE {count} > 0
        """);

    private protected SqliteDatabase Database() => At(File.Path);

    private protected static SqliteDatabase At(string path, TimeSpan? busyTimeout = null) => new(
        new SqliteDatabaseOptions
        {
            ConnectionString = new SqliteConnectionStringBuilder { DataSource = path }.ToString(),
            BusyTimeout = busyTimeout ?? TimeSpan.FromSeconds(30),
        },
        TimeProvider.System);

    private protected BackupDirectory Backups() => new(Database(), Microsoft.Extensions.Options.Options.Create(Options), TimeProvider.System);

    private protected BackupTaker Taker(SqliteDatabase? database = null)
    {
        database ??= Database();
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        return new BackupTaker(database, new BackupDirectory(database, options, TimeProvider.System), Product, options, TimeProvider.System, NullLogger<BackupTaker>.Instance);
    }

    private protected Restorer Restorer(SqliteDatabase? database = null)
    {
        database ??= Database();
        var directory = new BackupDirectory(database, Microsoft.Extensions.Options.Options.Create(Options), TimeProvider.System);
        return new Restorer(database, directory, Taker(database), Product, TimeProvider.System, NullLogger<Restorer>.Instance);
    }

    private protected Backup Take() => Taker().Take(NewId(), null).Backup;

    private protected SqliteFile FileOf(Backup backup) => new(Path.Combine(Directory, backup.Name));

    /// <summary>Names in the backup directory that are neither backups, their side files, the lock nor something put aside.</summary>
    private protected IEnumerable<string> Leftovers() =>
        System.IO.Directory.EnumerateFiles(Directory).Select(f => Path.GetFileName(f)).Where(n => n.StartsWith('.') && !n.EndsWith(".lock", StringComparison.Ordinal));

    /// <summary>Overwrites bytes in the middle of a file that nobody has open.</summary>
    private protected static void Damage(string path, long offset, int bytes = 512)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = offset;
        file.Write(Enumerable.Repeat((byte)0xA5, bytes).ToArray());
    }
}
