using System.Globalization;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Backups;

public sealed class BackupTakerTests : BackupTestBase
{
    [Fact]
    public void Take_makes_one_file_that_holds_what_the_database_does()
    {
        Migrated();
        var id = NewId();

        var result = Taker().Take(id, null);

        Assert.Matches(@"^threatlens-\d{8}-\d{9}-003_optimize_realtime_indexes\.db$", result.Backup.Name);
        Assert.Equal(("003_optimize_realtime_indexes", id), (result.Backup.SchemaVersion, result.Backup.OperationId));
        Assert.NotNull(result.Backup.VerifiedAt);
        Assert.Equal(new FileInfo(FileOf(result.Backup).Path).Length, result.Backup.Bytes);
        Assert.Empty(result.RemovedNames);
        Assert.Equal(File.Snapshot(), FileOf(result.Backup).Snapshot());
        Assert.Equal(result.Backup, Assert.Single(Backups().List()));
        Assert.Empty(Leftovers());
    }

    [Theory]
    [InlineData(LegacyKind.PreRealtime)]
    [InlineData(LegacyKind.Drifted)]
    public void Take_legacy_database_is_the_same_and_not_changed_by_it(LegacyKind kind)
    {
        LegacyDatabase.Build(kind, File.Path);
        var before = File.Snapshot();

        var backup = Take();

        Assert.Equal(before, FileOf(backup).Snapshot());
        Assert.Equal(before, File.Snapshot());
    }

    [Fact]
    public void Take_keeps_the_newest_and_removes_their_side_files_too()
    {
        Migrated();
        Options.Keep = 3;
        var taken = Enumerable.Range(0, 5).Select(_ => Take().Name).ToList();

        Assert.Equal(taken.AsEnumerable().Reverse().Take(3), Backups().List().Select(b => b.Name));
        Assert.Equal(7, System.IO.Directory.EnumerateFiles(Directory).Count());

        Assert.Equal(taken.Skip(2).Take(2), Taker().Plan(2).RemovedNames);
        Assert.Equal(taken.Skip(2), Taker().Take(NewId(), 1).RemovedNames);
    }

    [Fact]
    public void List_backup_without_side_file_says_that_it_was_never_verified()
    {
        Migrated();
        var backup = Take();
        System.IO.File.Delete(FileOf(backup).Path + ".json");

        var listed = Assert.Single(Backups().List());

        Assert.Equal(backup with { VerifiedAt = null, OperationId = "" }, listed);
    }

    [Fact]
    public async Task Take_while_others_write_is_of_one_moment_and_holds_nobody_up()
    {
        Migrated();
        AddEvents(200, 4000);
        using var stop = new CancellationTokenSource();
        // Two tables change together: a copy that is not of one moment has more rows of one than of the other.
        var written = 0;
        var writing = Task.Run(() =>
        {
            using var connection = new SqliteFile(File.Path).Open();
            while (!stop.IsCancellationRequested)
            {
                using var command = connection.CreateCommand();
                command.CommandText = "BEGIN; INSERT INTO processing_metrics(source_name, metric_type, metric_value) VALUES ('s', 't', '1');"
                    + "INSERT INTO log_sources(source_name, path) VALUES (hex(randomblob(8)), hex(randomblob(8))); COMMIT;";
                command.ExecuteNonQuery();
                Interlocked.Increment(ref written);
            }
        });

        for (var round = 0; round < Rounds.Count; round++)
        {
            var before = Volatile.Read(ref written);
            var backup = Take();
            var copy = FileOf(backup);
            Assert.Equal(copy.Scalar("SELECT count(*) FROM processing_metrics"), copy.Scalar("SELECT count(*) FROM log_sources"));
            await Eventually.UntilAsync(() => Volatile.Read(ref written) > before, "the others go on writing");
        }

        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public void Take_damaged_database_fails_and_leaves_nothing()
    {
        Migrated();
        AddEvents(200, 2000);
        File.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        Damage(File.Path, new FileInfo(File.Path).Length / 2, 20_000);

        var error = Assert.Throws<MaintenanceException>(() => Take());

        Assert.Equal(ErrorKind.DataLoss, error.Kind);
        Assert.Empty(Backups().List());
        Assert.Empty(Leftovers());
    }

    [Fact]
    public void Take_removes_what_a_crash_left()
    {
        Migrated();
        System.IO.Directory.CreateDirectory(Directory);
        var kept = Path.Combine(Directory, "other-20260101-000000000-none.db.json");
        foreach (var name in (string[])[".threatlens-abc-backup.tmp", ".threatlens-abc-backup.tmp-journal", "threatlens-20260101-000000000-none.db.json"])
            System.IO.File.WriteAllText(Path.Combine(Directory, name), "left");
        System.IO.File.WriteAllText(kept, "another database's");

        var backup = Take();

        Assert.Equal(
            new[] { ".threatlens.lock", Path.GetFileName(kept), backup.Name, backup.Name + ".json" }.Order(StringComparer.Ordinal),
            System.IO.Directory.EnumerateFiles(Directory).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Take_while_another_is_taken_is_refused()
    {
        Migrated();
        using var held = Backups().Enter(new LockOwner("another") { OperationId = "theirs" });

        var error = Expect.Failure(ErrorKind.Aborted, ErrorReasons.OperationConflict, () => Take());

        Assert.Equal("theirs", error.OperationId);
    }

    [Fact]
    public void Take_directory_that_cannot_be_made_names_it()
    {
        Migrated();
        System.IO.File.WriteAllText(Directory, "a file, not a directory");

        // Nor does it hold "no backups".
        Assert.Contains("it is a file", Expect.Refusal(ErrorReasons.BackupDirectoryUnusable, () => Backups().List()).Message, StringComparison.Ordinal);
        var error = Expect.Refusal(ErrorReasons.BackupDirectoryUnusable, () => Take());

        Assert.Contains(Directory, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Take_without_room_says_how_much_is_needed_before_it_begins()
    {
        using var disk = SmallDisk.TryMount(Folder.File("disk"), megabytes: 2);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        Options.Directory = disk.Path;
        Migrated();
        AddEvents(300, 4000);
        var begun = false;

        var error = Expect.Failure(ErrorKind.ResourceExhausted, ErrorReasons.BackupNoSpace, () => Taker().Take(NewId(), null, (_, _, _) => begun = true));

        Assert.False(begun);
        Assert.True(long.Parse(error.Metadata["requiredBytes"], CultureInfo.InvariantCulture) > long.Parse(error.Metadata["availableBytes"], CultureInfo.InvariantCulture));
        Assert.Contains(disk.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Take_disk_that_fills_up_meanwhile_leaves_nothing_and_the_old_backups()
    {
        using var disk = SmallDisk.TryMount(Folder.File("disk"), megabytes: 8);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        Options.Directory = disk.Path;
        Migrated();
        var old = Take();
        AddEvents(300, 4000);

        Expect.Failure(ErrorKind.ResourceExhausted, ErrorReasons.BackupNoSpace, () => Taker().Take(NewId(), 1, (_, done, _) => Fill(done)));

        disk.MakeRoom();
        Assert.Equal(old, Assert.Single(Backups().List()));
        Assert.DoesNotContain(System.IO.Directory.EnumerateFiles(disk.Path), f => f.EndsWith(".tmp", StringComparison.Ordinal));
        Take();

        void Fill(int done)
        {
            if (done == 0)
                disk.FillBut(100_000);
        }
    }

    [Fact]
    public void Take_cancelled_leaves_nothing()
    {
        Migrated();
        using var cancellation = new CancellationTokenSource();

        Assert.ThrowsAny<OperationCanceledException>(() => Taker().Take(NewId(), null, (_, done, _) => Cancel(done), cancellation.Token));

        Assert.Empty(Backups().List());
        Assert.Empty(Leftovers());

        void Cancel(int done)
        {
            if (done == 1)
                cancellation.Cancel();
        }
    }

    [Fact]
    public void HoldsRows_counts_the_products_tables_only()
    {
        Assert.False(Taker().HoldsRows());
        Migrated(events: 0);
        Assert.False(Taker().HoldsRows());
        AddEvents(1);
        Assert.True(Taker().HoldsRows());
    }
}
