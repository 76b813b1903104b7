using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Databases;

public sealed class WalCheckpointerTests : IDisposable
{
    private const int Megabyte = 1024 * 1024;
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;

    public WalCheckpointerTests() =>
        _database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={_folder.File("threatlens.db")}" }, TimeProvider.System);

    private long Log => new FileInfo(_database.Path + "-wal").Length;

    private long File => new FileInfo(_database.Path).Length;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Committed_under_constant_writes_keeps_the_log_bounded()
    {
        using var checkpointer = new WalCheckpointer(_database, NullLogger<WalCheckpointer>.Instance);
        using var writer = OpenWriter();
        var longest = 0L;
        for (var written = 0L; written < 200 && longest <= 2 * WalCheckpointer.BoundBytes; longest = Math.Max(longest, Log))
        {
            // Writes never pause, but beyond the bound they are small: the checkpoint's thread may have to wait for a processor.
            var isLarge = WalCheckpoint.Pages(writer) * 4096L < WalCheckpointer.BoundBytes;
            Write(writer, checkpointer, isLarge ? Megabyte : 1);
            written += isLarge ? 1 : 0;
        }

        // Beyond the bound by what is written while the last pages before it are moved.
        Assert.InRange(longest, 16 * Megabyte, 2 * WalCheckpointer.BoundBytes);
        Assert.Equal(200L, writer.Scalar($"SELECT count(*) FROM t WHERE length(b) = {Megabyte}"));
        Assert.Equal("ok", writer.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Committed_little_is_moved_once_it_is_quiet()
    {
        using var checkpointer = new WalCheckpointer(_database, NullLogger<WalCheckpointer>.Instance);
        using var writer = OpenWriter();
        Write(writer, checkpointer);
        Write(writer, checkpointer);

        await Eventually.TrueAsync(() => File >= 2 * Megabyte, () => $"the database has {File} bytes, its log {Log}");
        // Once more, after the log has begun anew.
        Write(writer, checkpointer);
        await Eventually.TrueAsync(() => File >= 3 * Megabyte, () => $"the database has {File} bytes, its log {Log}");
    }

    [Fact]
    public async Task Committed_while_a_reader_stays_in_an_old_snapshot_holds_no_writer_up_and_empties_the_log_afterwards()
    {
        using var checkpointer = new WalCheckpointer(_database, NullLogger<WalCheckpointer>.Instance);
        using var writer = OpenWriter();
        using (var reader = _database.OpenReader())
        {
            reader.Execute("BEGIN");
            Assert.Equal(0L, reader.Scalar("SELECT count(*) FROM t"));
            for (var i = 0; i < 80; i++)
                Write(writer, checkpointer);
            Assert.Equal(0L, reader.Scalar("SELECT count(*) FROM t"));
            Assert.InRange(Log, 80 * Megabyte, long.MaxValue);
            reader.Execute("COMMIT");
        }

        await Eventually.TrueAsync(() => Emptied(writer, checkpointer), () => $"the log has {Log} bytes");
    }

    [Fact]
    public async Task Reopen_after_the_file_was_replaced_moves_the_log_of_the_new_one()
    {
        using var checkpointer = new WalCheckpointer(_database, NullLogger<WalCheckpointer>.Instance);
        using (var writer = OpenWriter())
        {
            Write(writer, checkpointer);
            await Eventually.TrueAsync(() => File >= Megabyte, () => $"the database has {File} bytes, its log {Log}");
        }

        foreach (var end in (string[])["", "-wal", "-shm"])
            System.IO.File.Move(_database.Path + end, _folder.File("away.db") + end);
        using var another = OpenWriter();
        checkpointer.Reopen();
        Write(another, checkpointer);

        await Eventually.TrueAsync(() => File >= Megabyte, () => $"the database has {File} bytes, its log {Log}");
    }

    [Fact]
    public async Task HoldStill_until_it_is_disposed_nothing_is_moved()
    {
        using var checkpointer = new WalCheckpointer(_database, NullLogger<WalCheckpointer>.Instance);
        using var writer = OpenWriter();
        using (checkpointer.HoldStill(CancellationToken.None))
        {
            for (var i = 0; i < 40; i++)
                Write(writer, checkpointer);
            using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            Assert.ThrowsAny<OperationCanceledException>(() => checkpointer.HoldStill(soon.Token).Dispose());
            Assert.InRange(File, 0, Megabyte);
        }

        await Eventually.TrueAsync(() => File >= 40 * Megabyte, () => $"the database has {File} bytes, its log {Log}");
    }

    private bool Emptied(SqliteConnection writer, WalCheckpointer checkpointer)
    {
        Write(writer, checkpointer);
        return Log < WalCheckpointer.BoundBytes;
    }

    private SqliteConnection OpenWriter()
    {
        var writer = _database.OpenWriter();
        writer.Pragma("wal_autocheckpoint = 0");
        writer.Execute("CREATE TABLE t(b BLOB)");
        return writer;
    }

    private void Write(SqliteConnection writer, WalCheckpointer checkpointer, int bytes = Megabyte)
    {
        using (_database.WriteGate.Enter())
            writer.Execute($"INSERT INTO t VALUES (zeroblob({bytes}))");
        checkpointer.Committed(writer);
    }
}
