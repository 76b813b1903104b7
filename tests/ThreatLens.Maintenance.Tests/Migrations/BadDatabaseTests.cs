using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>Databases that cannot be migrated: the right reason, and not a byte changed.</summary>
public sealed class BadDatabaseTests : SqliteMigrationTestBase
{
    public static TheoryData<string, string> UnreadableHistories() => new()
    {
        { "CREATE TABLE schema_migrations (version INTEGER, dirty BOOL)", "description" },
        { "CREATE TABLE schema_migrations (id INTEGER, description TEXT, applied_at TEXT, rollback_sql TEXT, checksum TEXT)", "version" },
        { "CREATE TABLE Schema_Migrations (version TEXT)", "checksum" },
        { "CREATE VIEW schema_migrations AS SELECT '001_add_realtime_tables' AS version, '' AS description, '' AS applied_at, '' AS rollback_sql, '' AS checksum", "view" },
        { "CREATE VIEW schema_migrations AS SELECT * FROM nowhere", "view" },
        {
            "CREATE TABLE schema_migrations (version TEXT, description TEXT, applied_at TEXT, rollback_sql TEXT, checksum TEXT); INSERT INTO schema_migrations DEFAULT VALUES",
            "version"
        },
    };

    [Fact]
    public void Directory_missing_is_refused_and_nothing_created()
    {
        var engine = Engine($"Data Source={Path.Combine(Folder.File("nowhere"), "x.db")}");

        AllRefuse(engine, ErrorReasons.DatabaseDirectoryMissing);

        Assert.Empty(Folder.Names);
    }

    [Fact]
    public void Text_file_is_refused_and_kept()
    {
        System.IO.File.WriteAllText(File.Path, "This is not a database. " + new string('x', 5000));
        var before = File.Bytes();

        AllRefuse(Engine(), ErrorReasons.NotADatabase);

        Assert.Equal(before, File.Bytes());
        Assert.Equal(["threatlens.db"], Folder.Names);
    }

    [Fact]
    public void Zero_byte_file_is_an_empty_database()
    {
        System.IO.File.WriteAllBytes(File.Path, []);
        Assert.True(Engine().GetStatus().DatabaseExists);
        Assert.Equal(0, new FileInfo(File.Path).Length);

        Assert.Equal(4, Engine().Migrate(new MigrateCommand()).Applied.Count);

        Assert.Equal(2L, File.Scalar("PRAGMA auto_vacuum"));
    }

    [Fact]
    public void Empty_database_that_gets_full_stays_empty()
    {
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={File.Path}", MaxBytes = 1024 * 1024 }, TimeProvider.System);
        var catalog = new MigrationCatalog(
        [
            MigrationCatalogTests.Create("001_small", "CREATE TABLE small (id INTEGER);", "DROP TABLE small;"),
            MigrationCatalogTests.Create("002_large", "CREATE TABLE large (x BLOB); INSERT INTO large VALUES (zeroblob(2000000));", "DROP TABLE large;"),
        ]);
        var engine = new MigrationEngine(database, catalog, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<MigrationEngine>.Instance);

        var error = Expect.Failure(ErrorKind.ResourceExhausted, ErrorReasons.DatabaseFull, () => engine.Migrate(new MigrateCommand()));

        // To try them one by one would only fill it once more.
        Assert.DoesNotContain("appliedVersions", error.Metadata);
        Assert.Empty(File.Tables());
    }

    [Fact]
    public void Directory_in_the_files_place_is_refused()
    {
        Directory.CreateDirectory(File.Path);

        AllRefuse(Engine(), ErrorReasons.DatabaseUnreadable);
    }

    [Fact]
    public void Read_only_file_is_refused_and_kept()
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);
        var before = File.Bytes();
        System.IO.File.SetAttributes(File.Path, FileAttributes.ReadOnly);

        Expect.Refusal(ErrorReasons.DatabaseReadOnly, () => Engine().Migrate(new MigrateCommand()));

        Assert.Equal(before, File.Bytes());
        Assert.Equal(4, Engine().GetStatus().Pending.Count());
    }

    [Fact]
    public void Read_only_mode_is_refused_and_kept()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        var before = File.Bytes();
        var engine = Engine($"Data Source={File.Path};Mode=ReadOnly");

        Expect.Refusal(ErrorReasons.DatabaseReadOnly, () => engine.Migrate(new MigrateCommand()));
        Expect.Refusal(ErrorReasons.DatabaseReadOnly, () => engine.Rollback(new RollbackCommand()));

        Assert.Equal(before, File.Bytes());
        Assert.Equal("003_optimize_realtime_indexes", engine.GetStatus().CurrentVersion?.Id);
    }

    [Fact]
    public async Task Locked_by_another_process_is_unavailable_and_kept()
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);
        var before = File.Bytes();
        using (var child = await ChildProcess.StartAsync("hold-write", File.Path))
        {
            var engine = Engine(busyTimeout: TimeSpan.FromMilliseconds(50));

            var error = Expect.Failure(ErrorKind.Unavailable, ErrorReasons.DatabaseLocked, () => engine.Migrate(new MigrateCommand()));

            Assert.True(error.RetryAfter > TimeSpan.Zero);
            Assert.Equal(4, engine.GetStatus().Pending.Count());
            await child.KillAsync();
        }

        Assert.Equal(before, File.Bytes());
        Assert.Equal(4, Engine().Migrate(new MigrateCommand()).Applied.Count);
    }

    [Fact]
    public void Newer_database_is_refused_before_anything_is_opened_for_writing()
    {
        // In rollback-journal mode, so that opening it for writing would show in the header.
        File.Execute(
            """
            CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY, version TEXT, description TEXT, applied_at TEXT, rollback_sql TEXT, checksum TEXT);
            INSERT INTO schema_migrations (version, description, checksum) VALUES ('009_tomorrow', 'x', 'abc');
            """);
        var before = File.Bytes();

        Expect.Refusal(ErrorReasons.DatabaseNewer, () => Engine().Migrate(new MigrateCommand()));
        Expect.Refusal(ErrorReasons.DatabaseNewer, () => Engine().Rollback(new RollbackCommand()));

        Assert.Equal(before, File.Bytes());
        Assert.True(Engine().GetStatus().IsNewerThanService);
    }

    [Theory]
    [MemberData(nameof(UnreadableHistories))]
    public void History_that_cannot_be_understood_is_not_taken_for_an_empty_one(string sql, string named)
    {
        File.Execute(sql);
        var before = File.Bytes();

        var error = Expect.Refusal(ErrorReasons.HistoryUnreadable, () => Engine().GetStatus());
        AllRefuse(Engine(), ErrorReasons.HistoryUnreadable);

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.Bytes());
    }

    [Fact]
    public void Damaged_file_is_data_loss_and_kept()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        var bytes = System.IO.File.ReadAllBytes(File.Path);
        bytes.AsSpan(100, 300).Fill(0x5A);
        System.IO.File.WriteAllBytes(File.Path, bytes);

        Expect.Failure(ErrorKind.DataLoss, ErrorReasons.DatabaseCorrupt, () => Engine().GetStatus());
        Expect.Failure(ErrorKind.DataLoss, ErrorReasons.DatabaseCorrupt, () => Engine().Migrate(new MigrateCommand()));

        Assert.Equal(bytes, System.IO.File.ReadAllBytes(File.Path));
    }

    [Fact]
    public void Processing_metrics_without_its_columns_cannot_take_metrics()
    {
        Engine().Migrate(new MigrateCommand());
        File.Execute("ALTER TABLE processing_metrics DROP COLUMN metric_metadata");

        Assert.False(Engine().GetStatus().CanTakeMetrics);
    }

    private static void AllRefuse(MigrationEngine engine, string reason)
    {
        Expect.Refusal(reason, () => engine.GetStatus());
        Expect.Refusal(reason, () => engine.Migrate(new MigrateCommand()));
        Expect.Refusal(reason, () => engine.Rollback(new RollbackCommand()));
    }
}
