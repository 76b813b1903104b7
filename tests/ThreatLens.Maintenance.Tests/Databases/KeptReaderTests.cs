using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Databases;

public sealed class KeptReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;
    private readonly MigrationEngine _engine;

    public KeptReaderTests()
    {
        _database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={File}" }, TimeProvider.System) { KeepsReader = true };
        _engine = new MigrationEngine(_database, MigrationCatalog.LoadEmbedded("Sqlite"), TimeProvider.System, NullLogger<MigrationEngine>.Instance);
        _engine.Migrate(new MigrateCommand());
    }

    private string File => _folder.File("threatlens.db");

    public void Dispose()
    {
        _database.KeepsReader = false;
        _folder.Dispose();
    }

    [Fact]
    public void Take_of_an_untouched_database_gives_the_connection_back_once()
    {
        var kept = new KeptReader(File) { IsOn = true };
        using var connection = _database.OpenReader();
        kept.Return(connection, kept.Look());

        Assert.Same(connection, kept.Take(kept.Look()));
        Assert.Null(kept.Take(kept.Look()));
    }

    [Fact]
    public void Return_after_keeping_was_turned_off_closes_the_connection()
    {
        var kept = new KeptReader(File) { IsOn = true };
        var connection = _database.OpenReader();
        kept.IsOn = false;
        kept.Return(connection, kept.Look());

        Assert.Equal(System.Data.ConnectionState.Closed, connection.State);
        Assert.Null(kept.Take(kept.Look()));
    }

    [Fact]
    public void TryOpenSnapshot_of_an_untouched_database_gets_the_same_connection_again()
    {
        // Nobody else has the file open: the first look makes the log, and its connection's end would take it away.
        SqliteConnection first;
        using (var snapshot = _database.TryOpenSnapshot()!)
            first = snapshot.Connection;

        using var again = _database.TryOpenSnapshot()!;

        Assert.Same(first, again.Connection);
    }

    [Fact]
    public void GetStatus_sees_another_file_that_was_moved_into_its_place_during_a_look()
    {
        Assert.True(_engine.GetStatus().IsUpToDate);
        using (_database.TryOpenSnapshot())
            Replace();

        Assert.Equal("002", _engine.GetStatus().CurrentVersion!.Id[..3]);
    }

    [Fact]
    public void GetStatus_sees_what_another_connection_committed_meanwhile()
    {
        Assert.True(_engine.GetStatus().IsUpToDate);

        Run("DELETE FROM schema_migrations WHERE version LIKE '003%'");

        Assert.Equal("002", _engine.GetStatus().CurrentVersion!.Id[..3]);
    }

    [Fact]
    public void GetStatus_sees_another_file_that_was_moved_into_its_place()
    {
        Assert.True(_engine.GetStatus().IsUpToDate);
        Replace();

        Assert.Equal("002", _engine.GetStatus().CurrentVersion!.Id[..3]);
    }

    [Fact]
    public void GetStatus_of_a_file_that_was_deleted_meanwhile_says_so()
    {
        Assert.True(_engine.GetStatus().DatabaseExists);

        foreach (var side in new[] { "", "-wal", "-shm" })
            System.IO.File.Delete(File + side);

        Assert.False(_engine.GetStatus().DatabaseExists);
    }

    [Fact]
    public void OpenWriter_closes_the_reader_so_that_the_last_writer_leaves_one_file()
    {
        Assert.True(_engine.GetStatus().IsUpToDate);

        _engine.Rollback(new RollbackCommand { Steps = 1 });

        Assert.False(System.IO.File.Exists(File + "-wal"));
    }

    /// <summary>Puts a copy without its last version there.</summary>
    private void Replace()
    {
        Run("PRAGMA wal_checkpoint(TRUNCATE)");
        var other = _folder.File("other.db");
        System.IO.File.Copy(File, other);
        Run("DELETE FROM schema_migrations WHERE version LIKE '003%'; PRAGMA journal_mode = DELETE", other);
        System.IO.File.SetLastWriteTimeUtc(other, System.IO.File.GetLastWriteTimeUtc(File).AddSeconds(1));

        System.IO.File.Move(other, File, overwrite: true);
        foreach (var side in new[] { "-wal", "-shm" })
            System.IO.File.Delete(File + side);
    }

    private void Run(string sql, string? file = null)
    {
        using var connection = new SqliteConnection($"Data Source={file ?? File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
