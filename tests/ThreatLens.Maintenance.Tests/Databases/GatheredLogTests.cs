using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Databases;

/// <summary>The connection whose writes to the log are gathered: what others see of it, and when, is as with any other connection.</summary>
public sealed class GatheredLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SqliteSynchronous.Full)]
    [InlineData(SqliteSynchronous.Normal)]
    public void OpenBulkWriter_after_each_commit_others_see_all_of_it(SqliteSynchronous synchronous)
    {
        using var writer = Open("threatlens.db", synchronous, out var others);
        for (var commit = 1; commit <= 20; commit++)
        {
            Insert(writer, commit * 7);
            Assert.Equal(writer.Scalar("SELECT count(*) FROM t"), others.Scalar("SELECT count(*) FROM t"));
            Assert.Equal(writer.Scalar("SELECT sum(length(content)) FROM t"), others.Scalar("SELECT sum(length(content)) FROM t"));
        }

        Assert.Equal("ok", others.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public void OpenBulkWriter_transaction_that_outgrows_the_cache_is_whole()
    {
        using var writer = Open("threatlens.db", SqliteSynchronous.Full, out var others);
        Insert(writer, 2_000);
        // Ten pages of cache: what is changed goes to the log long before the commit, is read back from there and changed again.
        writer.Execute("PRAGMA cache_size = 10");
        writer.Execute("BEGIN");
        writer.Execute("UPDATE t SET content = randomblob(900) WHERE id % 3 = 0");
        writer.Execute("SAVEPOINT s");
        writer.Execute("UPDATE t SET content = randomblob(700) WHERE id % 5 = 0");
        writer.Execute("DELETE FROM t WHERE id % 7 = 0");
        writer.Execute("ROLLBACK TO s");
        writer.Execute("UPDATE t SET content = randomblob(500) WHERE id % 2 = 0");
        Assert.Equal(2_000L * 1_000, others.Scalar("SELECT sum(length(content)) FROM t"));
        writer.Execute("COMMIT");

        Assert.Equal(2_000L, others.Scalar("SELECT count(*) FROM t"));
        Assert.Equal(1_000L * 500 + 333L * 900 + 667L * 1_000, others.Scalar("SELECT sum(length(content)) FROM t"));
        Assert.Equal("ok", others.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public void OpenBulkWriter_transaction_that_is_undone_leaves_nothing_and_the_next_one_is_whole()
    {
        using var writer = Open("threatlens.db", SqliteSynchronous.Full, out var others);
        writer.Execute("PRAGMA cache_size = 10");
        for (var round = 0; round < 5; round++)
        {
            writer.Execute("BEGIN");
            Fill(writer, 500);
            writer.Execute("ROLLBACK");
            Insert(writer, 50);
        }

        Assert.Equal(250L, others.Scalar("SELECT count(*) FROM t"));
        Assert.Equal("ok", others.Scalar("PRAGMA integrity_check"));
    }

    [Theory]
    [InlineData("ROLLBACK")]
    [InlineData("INSERT OR ROLLBACK INTO t(id) VALUES (200)")]
    public void OpenBulkWriter_what_is_gathered_of_an_undone_transaction_is_not_written_over_another_ones_commit(string undo)
    {
        var writer = Open("threatlens.db", SqliteSynchronous.Full, out var others);
        using (writer)
        {
            Insert(writer, 200);
            // The log begins anew: all pages are read from the main file, which leaves what is gathered in place.
            others.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            writer.Execute("PRAGMA cache_size = 10");
            writer.Execute("BEGIN");
            writer.Execute("UPDATE t SET content = zeroblob(1000) WHERE id <= 60");
            try
            {
                writer.Execute(undo);
            }
            catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_CONSTRAINT)
            {
            }

            Assert.Equal(1, SQLitePCL.raw.sqlite3_get_autocommit(writer.Handle));
            others.Execute("UPDATE t SET content = CAST('another' AS BLOB) WHERE id > 100; INSERT INTO t(id, content) VALUES (1000, 'new')");
        }

        Assert.Equal("ok", others.Scalar("PRAGMA integrity_check"));
        Assert.Equal(201L, others.Scalar("SELECT count(*) FROM t"));
        Assert.Equal(100L, others.Scalar("SELECT count(*) FROM t WHERE content = CAST('another' AS BLOB)"));
        Assert.Equal(0L, others.Scalar("SELECT count(*) FROM t WHERE content = zeroblob(1000)"));
    }

    [Fact]
    public void OpenBulkWriter_disk_becomes_full_the_commit_fails_and_a_new_connection_goes_on()
    {
        using var disk = SmallDisk.TryMount(_folder.File("disk"), megabytes: 16);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        using (var writer = Open("disk/threatlens.db", SqliteSynchronous.Full, out _))
        {
            Insert(writer, 100);
            disk.FillBut(200_000);
            Assert.ThrowsAny<SqliteException>(() => Insert(writer, 2_000));
            disk.MakeRoom();
            // Something that was taken for written is missing: this connection commits nothing any more.
            Assert.ThrowsAny<SqliteException>(() => Insert(writer, 1));
        }

        using var again = Database("disk/threatlens.db", SqliteSynchronous.Full).OpenBulkWriter();
        Assert.Equal(100L, again.Scalar("SELECT count(*) FROM t"));
        Insert(again, 100);
        Assert.Equal(200L, again.Scalar("SELECT count(*) FROM t"));
        Assert.Equal("ok", again.Scalar("PRAGMA integrity_check"));
    }

    [Theory]
    [InlineData("a b.db")]
    [InlineData("a?vfs=b&c#d.db")]
    [InlineData("50%41ä😀.db")]
    public void OpenBulkWriter_file_with_an_odd_name_is_that_file(string name)
    {
        using var writer = Open(name, SqliteSynchronous.Full, out var others);
        Insert(writer, 3);

        Assert.Equal(3L, others.Scalar("SELECT count(*) FROM t"));
        Assert.Equal([name, name + "-shm", name + "-wal"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private SqliteConnection Open(string name, SqliteSynchronous synchronous, out SqliteFile others)
    {
        var writer = Database(name, synchronous).OpenBulkWriter();
        others = new SqliteFile(_folder.File(name));
        writer.Execute("CREATE TABLE t(id INTEGER PRIMARY KEY, content BLOB)");
        return writer;
    }

    private SqliteDatabase Database(string name, SqliteSynchronous synchronous) => new(
        new SqliteDatabaseOptions { ConnectionString = new SqliteConnectionStringBuilder { DataSource = _folder.File(name) }.ToString(), Synchronous = synchronous }, TimeProvider.System);

    private static void Insert(SqliteConnection writer, int rows)
    {
        writer.Execute("BEGIN");
        try
        {
            Fill(writer, rows);
            writer.Execute("COMMIT");
        }
        catch (SqliteException)
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(writer.Handle) == 0)
                writer.Execute("ROLLBACK");
            throw;
        }
    }

    private static void Fill(SqliteConnection writer, int rows) => writer.Execute(
        $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO t(content) SELECT randomblob(1000) FROM n");
}
