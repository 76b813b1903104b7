using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Backups;

public sealed class RestorerTests : BackupTestBase
{
    private const string RawLogs = "SELECT count(*) FROM raw_logs";

    [Fact]
    public void Restore_puts_the_backup_in_place_and_the_replaced_content_aside()
    {
        Migrated();
        var before = File.Snapshot();
        var backup = Take();
        AddEvents(4);
        File.Execute("UPDATE raw_logs SET source = 'changed' WHERE rowid = 1; DELETE FROM raw_logs WHERE rowid = 2;");
        var replaced = File.Snapshot();

        var result = Restorer().Restore(Command(backup, 5), NewId());

        Assert.Equal(before, File.Snapshot());
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
        // Four new rows and one changed; a row that only the backup has is not lost.
        Assert.Equal(5, result.RowsLost);
        Assert.Equal(replaced, new SqliteFile(result.ReplacedPath).Snapshot());
        Assert.False(System.IO.File.Exists(result.ReplacedPath + "-wal"));
        Assert.Equal("wal", File.Scalar("PRAGMA journal_mode"));
        Assert.Empty(Leftovers());
        Assert.True(result.Backup.VerifiedAt > backup.VerifiedAt);
        Assert.Equal(result.Backup, Assert.Single(Backups().List()));
    }

    [Fact]
    public void Restore_of_what_was_put_aside_takes_a_restore_back()
    {
        Migrated();
        var backup = Take();
        AddEvents(4);
        var before = File.Content("raw_logs");
        var aside = Restorer().Restore(Command(backup, 4), NewId()).ReplacedPath;

        var name = Path.ChangeExtension(aside, ".db");
        System.IO.File.Move(aside, name);
        Restorer().Restore(new RestoreCommand { BackupName = Path.GetFileName(name) }, NewId());

        Assert.Equal(before, File.Content("raw_logs"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0L)]
    [InlineData(6L)]
    public void Restore_that_would_lose_more_than_confirmed_names_the_number_and_does_nothing(long? bound)
    {
        Migrated();
        var backup = Take();
        AddEvents(7);
        var before = File.Snapshot();

        var error = Expect.Refusal(ErrorReasons.RowsWouldBeLost, () => Restorer().Restore(Command(backup, bound), NewId()));

        Assert.Equal("7", error.Metadata["rowsLost"]);
        Assert.Contains(" 7 rows", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.Snapshot());
        Assert.Empty(Leftovers());
        Assert.Equal(7, Restorer().Plan(Command(backup, null)).RowsLost);
    }

    [Fact]
    public void Restore_across_schemas_counts_tables_and_columns_that_the_backup_lacks()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "000" });
        File.Execute("INSERT INTO events(id, raw_log_id, message, source, timestamp, parsed_at, category) VALUES ('a', 'r', 'm', 's', 't', 'p', 'c'), ('b', 'r', 'm', 's', 't', 'p', 'c')");
        var structure = File.Structure();
        var backup = Take();
        Engine().Migrate(new MigrateCommand());
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value) VALUES ('s', 't', '1'); UPDATE events SET realtime_processed = 1 WHERE id = 'b'; CREATE TABLE loose(a); INSERT INTO loose VALUES (1), (1);");

        // One metric, one event whose new column was set, two rows of a table without a key.
        Assert.Equal(4, Restorer().Plan(Command(backup, null)).RowsLost);
        Restorer().Restore(Command(backup, 4), NewId());

        Assert.Equal("000_create_core_tables", Engine().GetStatus().CurrentVersion?.Id);
        foreach (var line in structure.Split('\n'))
            Assert.Contains(line, File.Structure().Split('\n'));
        Assert.Equal(4, Engine().Migrate(new MigrateCommand()).Applied.Count + 1);
    }

    [Theory]
    [InlineData("PRAGMA page_size = 1024; PRAGMA auto_vacuum = NONE; CREATE TABLE first(id INTEGER)")]
    [InlineData("PRAGMA page_size = 16384; PRAGMA auto_vacuum = FULL; CREATE TABLE first(id INTEGER)")]
    public void Restore_into_a_file_of_another_kind_leaves_open_connections_right(string kind)
    {
        Migrated();
        AddEvents(300, 500);
        var before = File.Content("raw_logs");
        var backup = Take();
        SqliteConnection.ClearAllPools();
        foreach (var file in System.IO.Directory.EnumerateFiles(Folder.Path))
            System.IO.File.Delete(file);
        File.Execute(kind);
        Migrated(events: 1);
        using var open = File.Open();
        using var insert = open.CreateCommand();
        insert.CommandText = "INSERT INTO raw_logs(id, content, source) VALUES (hex(randomblob(16)), hex(randomblob(3000)), 'open')";
        insert.Prepare();
        for (var i = 0; i < 50; i++)
            insert.ExecuteNonQuery();

        Restorer().Restore(Command(backup, long.MaxValue), NewId());

        Assert.Equal(before, File.Content("raw_logs"));
        for (var i = 0; i < 50; i++)
            insert.ExecuteNonQuery();
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
        Assert.Equal(353L, File.Scalar(RawLogs));
    }

    [Fact]
    public void Restore_keeps_the_operations_and_tells_in_the_running_one_that_it_happened()
    {
        Migrated();
        InsertOperation("old", "Running");
        var backup = Take();
        File.Execute("UPDATE maintenance_operations SET state = 'Succeeded' WHERE id = 'old'");
        InsertOperation("newer", "Succeeded");
        InsertOperation("restore", "Running");

        Restorer().Restore(Command(backup, 0), "restore");

        Assert.Equal(["newer|Succeeded", "old|Succeeded", "restore|Running"], File.Lines("SELECT id, state FROM maintenance_operations ORDER BY id"));
        Assert.Contains(backup.Name, (string)File.Scalar("SELECT json_extract(progress, '$.Message') FROM maintenance_operations WHERE id = 'restore'")!, StringComparison.Ordinal);
    }

    [Fact]
    public void Restore_damaged_backup_is_refused_and_nothing_changes()
    {
        Migrated();
        AddEvents(200, 2000);
        var backup = Take();
        var before = File.Snapshot();
        Damage(FileOf(backup).Path, backup.Bytes / 2, 20_000);

        Expect.Failure(ErrorKind.DataLoss, ErrorReasons.BackupDamaged, () => Restorer().Restore(Command(backup, long.MaxValue), NewId()));
        // Not told as damage of the present database's tables.
        var planned = Expect.Failure(ErrorKind.DataLoss, ErrorReasons.BackupDamaged, () => Restorer().Plan(Command(backup, null)));
        Assert.StartsWith($"The backup {backup.Name} is damaged: ", planned.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', planned.Message);
        Assert.Equal(before, File.Snapshot());

        Damage(FileOf(backup).Path, 0);
        Expect.Failure(ErrorKind.DataLoss, ErrorReasons.BackupDamaged, () => Restorer().Restore(Command(backup, long.MaxValue), NewId()));
        Expect.Failure(ErrorKind.DataLoss, ErrorReasons.BackupDamaged, () => Restorer().Plan(Command(backup, null)));
        Assert.Equal(before, File.Snapshot());
    }

    [Fact]
    public void Restore_backup_of_a_newer_service_is_refused()
    {
        Migrated();
        File.Execute("INSERT INTO schema_migrations(version, description) VALUES ('900_future', 'of a newer service')");
        var backup = Take();
        File.Execute("DELETE FROM schema_migrations WHERE version = '900_future'");

        Expect.Refusal(ErrorReasons.DatabaseNewer, () => Restorer().Restore(Command(backup, 0), NewId()));
    }

    [Fact]
    public void Restore_over_a_damaged_table_needs_a_bound_and_mends_it()
    {
        Migrated();
        AddEvents(200, 2000);
        var content = File.Content("raw_logs");
        var backup = Take();
        File.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var page = Convert.ToInt64(File.Scalar("SELECT rootpage FROM sqlite_master WHERE name = 'raw_logs'"), System.Globalization.CultureInfo.InvariantCulture);
        Damage(File.Path, (page - 1) * 4096, 4096);

        var plan = Restorer().Plan(Command(backup, null));
        Assert.Equal(["raw_logs"], plan.UnreadableTables);
        var error = Expect.Refusal(ErrorReasons.RowsWouldBeLost, () => Restorer().Restore(Command(backup, null), NewId()));
        Assert.Equal("raw_logs", error.Metadata["unreadableTables"]);

        var result = Restorer().Restore(Command(backup, 0), NewId());

        Assert.Equal(content, File.Content("raw_logs"));
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
        // As damaged as it was: somebody may still get something out of it.
        Assert.NotEqual("ok", new SqliteFile(result.ReplacedPath).Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public void Restore_with_the_etag_of_another_schema_is_aborted()
    {
        Migrated();
        var backup = Take();
        var etag = Restorer().Plan(Command(backup, null)).Etag;
        AddEvents(1);
        Assert.Equal(etag, Restorer().Plan(Command(backup, null) with { Etag = etag }).Etag);
        File.Execute("CREATE TABLE mine(id INTEGER)");

        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => Restorer().Restore(Command(backup, 1) with { Etag = etag }, NewId()));
        Assert.Contains("mine", File.Tables());
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("../threatlens.db")]
    public void Restore_unknown_name_is_not_found(string name)
    {
        Migrated();
        Take();

        Expect.Failure(ErrorKind.NotFound, ErrorReasons.BackupNotFound, () => Restorer().Restore(new RestoreCommand { BackupName = name }, NewId()));
    }

    [Fact]
    public void Restore_while_another_connection_writes_gives_up_and_leaves_nothing()
    {
        Migrated();
        var backup = Take();
        using var other = File.Open();
        other.Execute("BEGIN IMMEDIATE");

        Expect.Failure(ErrorKind.Unavailable, ErrorReasons.DatabaseLocked, () => Restorer(At(File.Path, TimeSpan.FromMilliseconds(50))).Restore(Command(backup, 0), NewId()));

        other.Execute("ROLLBACK");
        Assert.Empty(Leftovers());
        Assert.Empty(System.IO.Directory.EnumerateFiles(Directory, "*replaced*"));
    }

    [Fact]
    public void Restore_shuts_other_writers_out_until_the_content_is_replaced()
    {
        Migrated();
        var backup = Take();
        var codes = new List<int>();

        Restorer().Restore(Command(backup, 0), NewId(), progress: (message, _, _) =>
        {
            if (!message.StartsWith("Putting", StringComparison.Ordinal))
                return;
            using var other = File.Open();
            other.DefaultTimeout = 0;
            codes.Add(Assert.Throws<SqliteException>(() =>
            {
                using var command = other.CreateCommand();
                command.CommandTimeout = 1;
                command.CommandText = "INSERT INTO raw_logs(id, content, source) VALUES ('x', 'y', 'z')";
                command.ExecuteNonQuery();
            }).SqliteErrorCode);
        });

        Assert.Equal([5, 5], codes);
    }

    private void InsertOperation(string id, string state) => File.Execute(
        $$"""
        INSERT INTO maintenance_operations(id, kind, state, caller, caller_verified, request_digest, process, created_at, progress)
        VALUES ('{{id}}', 'Restore', '{{state}}', 'test', 0, '', '', '2026-01-01 00:00:00.000000', '{"Sequence":1,"Message":"begun"}')
        """);

    private static RestoreCommand Command(Backup backup, long? bound) => new() { BackupName = backup.Name, MaxRowsLost = bound };
}
