using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Databases;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string DatabasePath => _folder.File("threatlens.db");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("Data Source=")]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=shared;Mode=Memory;Cache=Shared")]
    [InlineData("Data Source=file::memory:?cache=shared")]
    [InlineData("Data Source=file:x.db")]
    [InlineData("Data Source=x.db;Password=secret")]
    [InlineData("Data Source=x.db;Nonsense=1")]
    [InlineData("Data Source=x.db;Default Timeout=601")]
    [InlineData("Data Source=x.db;Default Timeout=soon")]
    public void Constructor_unusable_connection_string_is_refused(string connectionString) =>
        Expect.Refusal(ErrorReasons.DatabaseConfigurationInvalid, () => Create(connectionString));

    [Theory]
    [InlineData(-1)]
    [InlineData(601_000)]
    public void Constructor_busy_timeout_out_of_range_is_refused(int milliseconds) =>
        Expect.Refusal(ErrorReasons.DatabaseConfigurationInvalid, () => Create("Data Source=x.db", TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void Constructor_relative_path_is_resolved_once()
    {
        var database = Create("Data Source=data/x.db");

        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "data", "x.db"), database.Path);
        Assert.Equal(database.Path + ".maintenance.lock", database.LockPath);
        Assert.Equal("x.db", database.Name);
    }

    [Fact]
    public void BusyTimeout_in_both_places_is_the_connection_strings()
    {
        Assert.Equal(TimeSpan.FromSeconds(7), Create("Data Source=x.db;Default Timeout=7", TimeSpan.FromSeconds(1)).BusyTimeout);
        Assert.Equal(TimeSpan.FromSeconds(1), Create("Data Source=x.db", TimeSpan.FromSeconds(1)).BusyTimeout);
    }

    [Fact]
    public void OpenWriter_new_file_is_incremental_wal_without_foreign_keys()
    {
        var database = Create($"Data Source={DatabasePath}", TimeSpan.FromMilliseconds(1234));
        Assert.False(database.FileExists);

        using (var connection = database.OpenWriter())
        {
            connection.Execute("CREATE TABLE t (id INTEGER)");
            Assert.Equal("wal", connection.Pragma("journal_mode"));
            Assert.Equal(2L, connection.Pragma("auto_vacuum"));
            Assert.Equal(0L, connection.Pragma("foreign_keys"));
            Assert.Equal(2L, connection.Pragma("synchronous"));
            Assert.Equal(1234L, connection.Pragma("busy_timeout"));
        }

        Assert.True(database.FileExists);
        // Nothing keeps the file open: the last connection has folded the log back in.
        Assert.Equal(["threatlens.db"], _folder.Names);
        using var again = database.OpenWriter();
        Assert.Equal(2L, again.Pragma("auto_vacuum"));
        Assert.Equal(0L, again.Pragma("foreign_keys"));
    }

    [Fact]
    public void OpenWriter_synchronous_normal_is_honoured()
    {
        var options = new SqliteDatabaseOptions { ConnectionString = $"Data Source={DatabasePath}", Synchronous = SqliteSynchronous.Normal };

        using var connection = new SqliteDatabase(options, TimeProvider.System).OpenWriter();

        Assert.Equal(1L, connection.Pragma("synchronous"));
    }

    [Fact]
    public void OpenWriter_legacy_file_keeps_its_auto_vacuum()
    {
        LegacyDatabase.Build(LegacyKind.Clean, DatabasePath);

        using var connection = Create().OpenWriter();

        Assert.Equal(0L, connection.Pragma("auto_vacuum"));
    }

    [Fact]
    public void OpenReader_cannot_write()
    {
        var file = LegacyDatabase.Build(LegacyKind.Clean, DatabasePath);
        var before = file.Bytes();

        using (var connection = Create().OpenReader())
        {
            Assert.Equal(60L, connection.Scalar("SELECT count(*) FROM events"));
            Assert.Equal(0L, connection.Pragma("foreign_keys"));
            var error = Assert.Throws<SqliteException>(() => connection.Execute("DELETE FROM events"));
            Assert.Equal(ErrorReasons.DatabaseReadOnly, Create().Translate(error, "deleting").Reason);
        }

        Assert.Equal(before, file.Bytes());
    }

    [Fact]
    public void Open_missing_directory_creates_nothing()
    {
        var database = Create($"Data Source={Path.Combine(_folder.File("nowhere"), "x.db")}");

        Expect.Refusal(ErrorReasons.DatabaseDirectoryMissing, () => database.OpenReader());
        Expect.Refusal(ErrorReasons.DatabaseDirectoryMissing, () => database.OpenWriter());
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void OpenReader_missing_file_creates_nothing()
    {
        Expect.Refusal(ErrorReasons.DatabaseMissing, () => Create().OpenReader());
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void OpenWriter_missing_file_and_mode_that_does_not_create_creates_nothing()
    {
        Expect.Refusal(ErrorReasons.DatabaseMissing, () => Create($"Data Source={DatabasePath};Mode=ReadWrite").OpenWriter());
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void Open_directory_as_file_is_unreadable()
    {
        Directory.CreateDirectory(DatabasePath);

        Expect.Refusal(ErrorReasons.DatabaseUnreadable, () => Create().OpenReader());
        Expect.Refusal(ErrorReasons.DatabaseUnreadable, () => Create().OpenWriter());
    }

    [Theory]
    [InlineData("short")]
    [InlineData("a text file that is long enough to be taken for the hundred bytes of a header, which it is not, whatever its name may say......")]
    public void Open_text_file_is_not_a_database_and_stays_as_it_is(string content)
    {
        File.WriteAllText(DatabasePath, content);

        Expect.Refusal(ErrorReasons.NotADatabase, () => Create().OpenReader());
        Expect.Refusal(ErrorReasons.NotADatabase, () => Create().OpenWriter());

        Assert.Equal(content, File.ReadAllText(DatabasePath));
        Assert.Equal(["threatlens.db"], _folder.Names);
    }

    [Fact]
    public void OpenWriter_mode_read_only_changes_nothing()
    {
        var file = LegacyDatabase.Build(LegacyKind.PreRealtime, DatabasePath);
        var before = file.Bytes();

        Expect.Refusal(ErrorReasons.DatabaseReadOnly, () => Create($"Data Source={DatabasePath};Mode=ReadOnly").OpenWriter());

        Assert.Equal(before, file.Bytes());
    }

    [Fact]
    public void OpenWriter_read_only_file_changes_nothing()
    {
        var file = LegacyDatabase.Build(LegacyKind.PreRealtime, DatabasePath);
        var before = file.Bytes();
        File.SetAttributes(DatabasePath, FileAttributes.ReadOnly);

        Expect.Refusal(ErrorReasons.DatabaseReadOnly, () => Create().OpenWriter());

        Assert.Equal(before, file.Bytes());
    }

    [Fact]
    public void Open_damaged_file_is_corrupt()
    {
        LegacyDatabase.Build(LegacyKind.Clean, DatabasePath);
        var bytes = File.ReadAllBytes(DatabasePath);
        // Behind the header of page 1 is the table of all tables.
        bytes.AsSpan(100, 300).Fill(0x5A);
        File.WriteAllBytes(DatabasePath, bytes);
        var database = Create();

        using var connection = database.OpenReader();
        var error = Assert.Throws<SqliteException>(() => connection.Scalar("SELECT count(*) FROM events"));

        var translated = database.Translate(error, "counting events");
        Assert.Equal((ErrorKind.DataLoss, ErrorReasons.DatabaseCorrupt), (translated.Kind, translated.Reason));
    }

    [Fact]
    public async Task BeginImmediate_another_process_writes_is_locked_with_a_retry_hint()
    {
        var file = LegacyDatabase.Build(LegacyKind.Clean, DatabasePath);
        using var child = await ChildProcess.StartAsync("hold-write", DatabasePath);
        var database = Create(busyTimeout: TimeSpan.FromMilliseconds(50));

        using (var connection = database.OpenWriter())
        {
            var error = Assert.Throws<SqliteException>(() => ImmediateTransaction.Begin(connection));
            var translated = database.Translate(error, "beginning");
            Assert.Equal((ErrorKind.Unavailable, ErrorReasons.DatabaseLocked), (translated.Kind, translated.Reason));
            Assert.True(translated.RetryAfter > TimeSpan.Zero);
            // Readers are not in its way.
            using var reader = database.OpenReader();
            Assert.Equal(60L, reader.Scalar("SELECT count(*) FROM events"));
        }

        await child.KillAsync();
        using (var connection = database.OpenWriter())
        using (ImmediateTransaction.Begin(connection))
            Assert.Null(connection.Scalar("SELECT 1 FROM sqlite_master WHERE name = 'never_committed'"));
        Assert.Equal("ok", file.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public void Translate_size_limit_reached_is_full()
    {
        var database = Create();
        using var connection = database.OpenWriter();
        connection.Execute("CREATE TABLE t (b BLOB)");
        connection.Pragma("max_page_count = 10");

        var error = Assert.Throws<SqliteException>(() => connection.Execute("INSERT INTO t VALUES (zeroblob(100000))"));

        var translated = database.Translate(error, "inserting");
        Assert.Equal((ErrorKind.ResourceExhausted, ErrorReasons.DatabaseFull), (translated.Kind, translated.Reason));
        Assert.Contains("inserting", translated.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, ErrorKind.Unavailable, ErrorReasons.DatabaseUnreadable)]
    [InlineData(14, ErrorKind.FailedPrecondition, ErrorReasons.DatabaseUnreadable)]
    [InlineData(6, ErrorKind.Unavailable, ErrorReasons.DatabaseLocked)]
    [InlineData(1, ErrorKind.Internal, ErrorReasons.Internal)]
    public void Translate_other_codes_have_their_reasons(int code, ErrorKind kind, string reason)
    {
        var translated = Create().Translate(new SqliteException("it says", code), "working");

        Assert.Equal((kind, reason), (translated.Kind, translated.Reason));
        Assert.Equal(kind == ErrorKind.Unavailable, translated.RetryAfter is not null);
    }

    [Fact]
    public void ImmediateTransaction_disposed_without_commit_undoes()
    {
        using var connection = Create().OpenWriter();
        using (ImmediateTransaction.Begin(connection))
            connection.Execute("CREATE TABLE t (id INTEGER)");
        Assert.Equal(0L, connection.Scalar("SELECT count(*) FROM sqlite_master"));

        using (var transaction = ImmediateTransaction.Begin(connection))
        {
            connection.Execute("CREATE TABLE t (id INTEGER)");
            transaction.Commit();
        }

        Assert.Equal(1L, connection.Scalar("SELECT count(*) FROM sqlite_master"));
    }

    private SqliteDatabase Create(string? connectionString = null, TimeSpan? busyTimeout = null) => new(
        new SqliteDatabaseOptions
        {
            ConnectionString = connectionString ?? $"Data Source={DatabasePath}",
            BusyTimeout = busyTimeout ?? TimeSpan.FromSeconds(5),
        },
        TimeProvider.System);
}
