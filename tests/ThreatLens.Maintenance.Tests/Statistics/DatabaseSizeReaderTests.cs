using CsCheck;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics;

/// <summary>Every size against a reading of the whole file.</summary>
public sealed class DatabaseSizeReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Page sizes by ways to vacuum.</summary>
    public static MatrixTheoryData<int, int> Layouts => new([512, 1024, 4096, 8192, 65536], [0, 1, 2]);

    private SqliteFile File => new(_folder.File("sizes.db"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Read_of_every_kind_of_object_is_as_the_whole_file_says(int pageSize, int autoVacuum)
    {
        Create(pageSize, autoVacuum);
        File.Execute($"""
            CREATE TABLE plain(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT, b INTEGER);
            CREATE INDEX plain_a ON plain(a);
            CREATE TABLE [wide "one"](a TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID;
            CREATE TABLE blobs(rowid TEXT, data BLOB);
            CREATE INDEX long_keys ON blobs(data);
            CREATE TABLE empty(a UNIQUE);
            CREATE VIRTUAL TABLE words USING fts5(text);
            {Fill("plain(a, b)", 3000, "hex(randomblob(10)), i")}
            {Fill("[wide \"one\"]", 300, $"i || hex(randomblob({pageSize})), hex(randomblob(40))")}
            {Fill("blobs", 60, $"i, randomblob(i * {pageSize} / 10)")}
            {Fill("words", 500, "'word' || i || ' and ' || (i * 7919 % 1000)")}
            DELETE FROM plain WHERE id % 3 = 0 OR id BETWEEN 500 AND 1500;
            """);

        var size = Reader().Read();

        AssertTrue(size);
        Assert.Contains(size.Objects, o => o is { Name: "plain", Rows: > 0, RowsError: 0, BytesError: 0 });
        Assert.Contains(size.Objects, o => o is { Name: "wide \"one\"", Rows: 300, RowsError: 0 });
        Assert.Contains(size.Objects, o => o is { Name: "words_data", Type: "table" });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Read_of_a_table_too_large_to_read_is_within_its_bound_and_reads_a_part(int autoVacuum)
    {
        Create(512, autoVacuum);
        File.Execute($"""
            CREATE TABLE metrics(id INTEGER PRIMARY KEY, a TEXT, b TEXT);
            CREATE INDEX metrics_b ON metrics(b);
            CREATE TABLE others(k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID;
            {Fill("metrics(a, b)", 60_000, "'some text', i % 977 || 'x'")}
            {Fill("others", 60_000, "i || 'some key', CASE WHEN i % 7 = 0 THEN randomblob(600) END")}
            DELETE FROM metrics WHERE id % 5 = 0 AND id < 20000;
            """);

        var size = Reader().Read();

        AssertTrue(size);
        Assert.All(size.Objects.Where(o => o.Name is "metrics" or "others"), o => Assert.InRange(o.RowsError, 0.0001, 0.1));
        if (autoVacuum == 2)
            Assert.All(size.Objects, o => Assert.Equal(0, o.BytesError));
        var read = long.Parse(size.Method.Split(". ")[2].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(read, 1, size.DatabaseBytes / 512 / 2);
    }

    [Fact]
    public void Read_of_ids_without_a_gap_is_never_more_than_there_can_be()
    {
        Create(512, 2);
        File.Execute($"CREATE TABLE metrics(id INTEGER PRIMARY KEY, a TEXT); {Fill("metrics(a)", 50_000, "substr('some text of any length', 1, i % 20)")}");

        Assert.InRange(Reader().Read().Objects[0].Rows, 45_000, 50_000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Read_counts_what_is_still_in_the_write_ahead_log(int autoVacuum)
    {
        Create(4096, autoVacuum);
        File.Execute($"CREATE TABLE t(a TEXT); CREATE INDEX t_a ON t(a); {Fill("t", 4000, "hex(randomblob(30))")}");
        using var writer = File.Open();
        writer.Execute("PRAGMA wal_autocheckpoint = 0");
        writer.Execute($"DELETE FROM t WHERE rowid < 1000; {Fill("t", 5000, "hex(randomblob(60))")}");
        // Half of the log is in the file already, the rest is not.
        writer.Execute("PRAGMA wal_checkpoint(PASSIVE)");
        writer.Execute(Fill("t", 2000, "hex(randomblob(60))"));

        var size = Reader().Read();

        Assert.True(size.DatabaseBytes > size.FileBytes && size.WalBytes > 0);
        writer.Dispose();
        AssertTrue(size);
    }

    [Fact]
    public async Task Read_beside_a_writer_is_of_one_moment_each_time()
    {
        Create(1024, 2);
        File.Execute("CREATE TABLE t(a TEXT); CREATE TABLE counter(n INTEGER); INSERT INTO counter VALUES (0)");
        var reader = Reader();
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() =>
        {
            using var writer = File.Open();
            for (var n = 0; !stop.IsCancellationRequested; n++)
            {
                writer.Execute($"BEGIN; {Fill("t", 50, "hex(randomblob(100))")} DELETE FROM t WHERE rowid % 3 = {n % 3}; COMMIT");
                if (n % 10 == 0)
                    writer.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            }
        });

        for (var round = 0; round < Rounds.Count * 20; round++)
        {
            var size = reader.Read();
            Assert.Equal(size.DatabaseBytes, size.Objects.Sum(o => o.Bytes) + size.FreeBytes + size.OverheadBytes);
        }

        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public void Read_of_any_mix_of_rows_adds_up()
    {
        var round = 0;
        Gen.Select(Gen.OneOf(Gen.Const(512), Gen.Const(1024), Gen.Const(4096)), Gen.OneOf(Gen.Const(0), Gen.Const(2)), Gen.Int[1, 2000], Gen.Int[0, 3000], Gen.Bool).Sample(
            (pageSize, autoVacuum, rows, bytes, withoutRowid) =>
            {
                var file = new SqliteFile(_folder.File($"mix-{Interlocked.Increment(ref round)}.db"));
                file.Execute($"""
                    PRAGMA page_size = {pageSize}; PRAGMA auto_vacuum = {autoVacuum}; PRAGMA journal_mode = WAL;
                    CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB) {(withoutRowid ? "WITHOUT ROWID" : "")};
                    CREATE INDEX t_b ON t(b) WHERE a % 2 = 0;
                    {Fill("t", rows, $"i * 3 % 7919 * 10000 + i, randomblob(abs(random()) % {bytes + 1})")}
                    DELETE FROM t WHERE a % 4 = 1;
                    """);
                AssertTrue(Reader(file).Read(), file);
            },
            iter: Rounds.Count * 4, threads: 1);
    }

    [Fact]
    public void Read_twice_of_the_same_database_measures_once()
    {
        Create(4096, 2);
        // As in the service, somebody has the file open: the write-ahead log, which tells one state from another, stays.
        using var writer = File.Open();
        writer.Execute("CREATE TABLE t(a)");
        var reader = Reader();
        var first = reader.Read();

        Assert.Same(first.Objects, reader.Read().Objects);
        writer.Execute("INSERT INTO t VALUES (1)");

        Assert.Equal(1, reader.Read().Objects.Single(o => o.Name == "t").Rows);
    }

    [Fact]
    public void Read_of_a_damaged_tree_says_so()
    {
        Create(4096, 0);
        File.Execute($"CREATE TABLE t(a TEXT); {Fill("t", 3000, "hex(randomblob(60))")}");
        var root = (long)File.Scalar("SELECT rootpage FROM sqlite_master WHERE name = 't'")!;
        File.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var bytes = System.IO.File.ReadAllBytes(File.Path);
        // The root's last child is a page beyond the end of the file.
        bytes[((root - 1) * 4096) + 8] = 0x7F;
        System.IO.File.WriteAllBytes(File.Path, bytes);

        var error = Assert.Throws<MaintenanceException>(() => Reader().Read());

        Assert.Equal(ErrorReasons.DatabaseCorrupt, error.Reason);
    }

    [Theory]
    [InlineData(LegacyKind.Clean)]
    [InlineData(LegacyKind.Drifted)]
    [InlineData(LegacyKind.PreRealtime)]
    public void Read_of_a_legacy_database_is_as_the_whole_file_says(LegacyKind kind)
    {
        var file = LegacyDatabase.CopyGenuine(kind, File.Path) ?? LegacyDatabase.Build(kind, File.Path);

        AssertTrue(Reader(file).Read(), file);
    }

    private void Create(int pageSize, int autoVacuum) => File.Execute(
        $"PRAGMA page_size = {pageSize}; PRAGMA auto_vacuum = {autoVacuum}; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE first(a)");

    private static string Fill(string table, int rows, string values) =>
        $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO {table} SELECT {values} FROM n;";

    private DatabaseSizeReader Reader(SqliteFile? file = null) => new(
        new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = new SqliteConnectionStringBuilder { DataSource = (file ?? File).Path }.ToString() }, TimeProvider.System),
        TimeProvider.System);

    private void AssertTrue(DatabaseSize size, SqliteFile? file = null)
    {
        file ??= File;
        file.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var objects = file.Rows("SELECT type, name, rootpage FROM sqlite_master WHERE rootpage > 0 UNION ALL SELECT 'table', 'sqlite_schema', 1");
        var whole = new WholeFile(file.Path);
        Assert.Equal((whole.Length, whole.FreeBytes), (size.DatabaseBytes, size.FreeBytes));
        Assert.Equal(objects.Count, size.Objects.Count);
        foreach (var row in objects)
        {
            var (bytes, rows) = whole.Tree((long)row[2]!);
            var found = Assert.Single(size.Objects, o => o.Name == (string)row[1]!);
            Assert.Equal(row[0], found.Type);
            AssertWithin(bytes, found.Bytes, found.BytesError, found.Name);
            AssertWithin(found.Type == "table" ? rows : 0, found.Rows, found.RowsError, found.Name);
        }

        var sum = size.Objects.Sum(o => o.Bytes) + size.FreeBytes + size.OverheadBytes;
        if (size.Objects.All(o => o.BytesError == 0))
            Assert.Equal(size.DatabaseBytes, sum);
    }

    // What is rounded down to whole bytes and rows may be one less.
    private static void AssertWithin(long truth, long found, double bound, string name) =>
        Assert.True(Math.Abs(truth - found) <= (bound * found) + (bound > 0 ? 1 : 0), $"{name}: {found} ± {bound:P2}, in truth {truth}");
}
