using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>The specification on SQLite, and what only SQLite has.</summary>
public sealed class SqliteMigrationEngineTests : MigrationEngineSpecification, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Now);
    private readonly SqliteDatabase _database;
    private readonly SqliteFile _file;

    public SqliteMigrationEngineTests()
    {
        _file = new SqliteFile(_folder.File("threatlens.db"));
        _database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={_file.Path}", Synchronous = SqliteSynchronous.Normal }, _time);
    }

    protected override MigrationCatalog Product { get; } = MigrationCatalog.LoadEmbedded("Sqlite");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Migrate_nothing_pending_does_not_touch_the_file()
    {
        Engine().Migrate(new MigrateCommand());
        var before = _file.Bytes();
        File.SetAttributes(_file.Path, FileAttributes.ReadOnly);

        // Even where nothing may be written: there is nothing to write.
        Assert.Empty(Engine().Migrate(new MigrateCommand()).Applied);

        Assert.Equal(before, _file.Bytes());
    }

    [Fact]
    public async Task Migrate_waits_for_its_turn_among_this_process_writers()
    {
        var ingest = _database.WriteGate.Enter();
        var migrating = Task.Run(() => Engine().Migrate(new MigrateCommand()));
        await Eventually.UntilAsync(() => _database.WriteGate.WaitingCount > 0, "it waits");
        Assert.False(_database.FileExists);

        ingest.Dispose();

        Assert.Equal(4, (await migrating).Applied.Count);
    }

    [Fact]
    public void Migrate_waiting_for_its_turn_can_be_cancelled()
    {
        using var ingest = _database.WriteGate.Enter();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));

        Assert.ThrowsAny<OperationCanceledException>(() => Engine().Migrate(new MigrateCommand(), cancellationToken: cancellation.Token));
    }

    [Theory]
    [InlineData("INSERT OR ROLLBACK INTO t VALUES (1);")]
    [InlineData("INSERT INTO u VALUES (1);")]
    public void Migrate_statement_that_rolls_back_by_itself_leaves_no_trace(string statement)
    {
        var first = MigrationCatalogTests.Create(
            "001_first",
            "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u (id INTEGER);"
            + "CREATE TRIGGER no_u BEFORE INSERT ON u BEGIN SELECT RAISE(ROLLBACK, 'never'); END;");
        var second = MigrationCatalogTests.Create("002_second", $"CREATE TABLE v (id INTEGER); {statement} CREATE TABLE w (id INTEGER);");
        Engine(new MigrationCatalog([first])).Migrate(new MigrateCommand());
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Engine(new MigrationCatalog([first, second])).Migrate(new MigrateCommand()));

        Assert.Equal("2", error.Metadata["statement"]);
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Migrate_value_above_sqlites_limit_fails_and_leaves_no_trace()
    {
        var catalog = new MigrationCatalog([MigrationCatalogTests.Create("001_big", "CREATE TABLE t (b BLOB); INSERT INTO t VALUES (zeroblob(1100000000));")]);

        var error = Assert.Throws<MaintenanceException>(() => Engine(catalog).Migrate(new MigrateCommand()));

        // SQLite's own limit on one value: the statement is at fault, not the disk.
        Assert.Equal(ErrorReasons.MigrationFailed, error.Reason);
        Assert.Empty(_file.Tables());
    }

    [Fact]
    public void Migrate_triggers_views_and_semicolons_in_strings_arrive_as_written()
    {
        const string Up =
            """
            CREATE TABLE t (id INTEGER, a TEXT);
            CREATE TABLE log (what TEXT);
            CREATE TRIGGER t_changed AFTER UPDATE ON t BEGIN
                INSERT INTO log VALUES ('t; changed');
                INSERT INTO log VALUES (CASE WHEN NEW.a IS NULL THEN 'null' ELSE NEW.a END);
            END;
            CREATE VIEW v AS SELECT a || ';' AS b FROM t;
            INSERT INTO t VALUES (1, 'x;y');
            UPDATE t SET a = 'z';
            """;
        Engine(new MigrationCatalog([MigrationCatalogTests.Create("001_hard", Up)])).Migrate(new MigrateCommand());

        Assert.Equal(["t; changed", "z"], Lines("SELECT what FROM log ORDER BY rowid"));
        Assert.Equal(["z;"], Lines("SELECT b FROM v"));
    }

    [Fact]
    public void Migrate_columns_already_there_are_skipped()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });
        Execute("ALTER TABLE events ADD COLUMN REALTIME_PROCESSED INTEGER");

        var result = Engine().Migrate(new MigrateCommand { TargetVersion = "002" });

        Assert.Equal((9, 1), (result.Applied[0].Statements, result.Applied[0].SkippedStatements));
        var undone = Engine().Rollback(new RollbackCommand { Version = "002" });
        Assert.Equal((10, 0), (undone.RolledBack[0].Statements, undone.RolledBack[0].SkippedStatements));
    }

    [Theory]
    [InlineData("CREATE VIEW slow AS SELECT id FROM events WHERE processing_time > 1", "view slow")]
    [InlineData("CREATE TRIGGER flag AFTER UPDATE ON events WHEN NEW.notification_sent = 1 BEGIN SELECT 1; END", "trigger flag")]
    [InlineData("CREATE INDEX own ON events(realtime_processed, source)", "index own")]
    public void Rollback_column_in_use_fails_cleanly_and_names_the_user(string sql, string name)
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "002" });
        Execute(sql);
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.ObjectsInTheWay, () => Engine().Rollback(new RollbackCommand()));

        Assert.Equal(name, error.Metadata["objects"]);
        Assert.Equal("002_add_realtime_fields", error.Metadata["version"]);
        Assert.Equal(before, Snapshot());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rollback_fields_keeps_views_triggers_and_all_that_does_not_use_the_columns(bool withChecks)
    {
        Engine().Migrate(new MigrateCommand());
        if (withChecks)
        {
            // As some versions of the ORM wrote a BOOLEAN; ALTER TABLE cannot drop such a column.
            Execute(
                """
                PRAGMA writable_schema = ON;
                UPDATE sqlite_master SET sql = replace(sql, 'FOREIGN KEY (', 'CHECK (realtime_processed IN (0, 1)), CHECK (notification_sent IN (0, 1)), FOREIGN KEY (')
                WHERE name = 'events';
                PRAGMA writable_schema = RESET;
                """);
        }

        const string Own =
            """
            CREATE TABLE notes (event_id VARCHAR REFERENCES events (id) ON DELETE CASCADE, note TEXT);
            CREATE INDEX own ON events (lower(source)) WHERE category <> 'x';
            CREATE VIEW everything AS SELECT * FROM events;
            CREATE VIEW loud AS SELECT e.id, upper(e.message) AS message FROM everything e WHERE category = 'loud;';
            CREATE TRIGGER noted AFTER UPDATE OF message ON events BEGIN
                INSERT INTO notes VALUES (NEW.id, CASE WHEN NEW.message = OLD.message THEN 'same' ELSE 'other; really' END);
            END;
            CREATE TRIGGER put INSTEAD OF DELETE ON loud BEGIN DELETE FROM events WHERE id = OLD.id; END;
            """;
        Execute(
            Own + """
            INSERT INTO events (id, raw_log_id, timestamp, source, message, category, realtime_processed) VALUES
                ('e1', 'gone', '2026-01-01T00:00:00', 's', 'it''s; fine', 'loud;', 1), ('ü2', 'gone', '2026-01-01 00:00:00', 's', 'x', 'c', NULL);
            INSERT INTO notes VALUES ('e1', 'n'), ('nobody', 'orphan');
            """);
        const string Names = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name IN ('notes', 'own', 'everything', 'loud', 'noted', 'put') ORDER BY name";
        var (own, notes, kept) = (Lines(Names), Lines("SELECT * FROM notes"), Lines("SELECT rowid, id, raw_log_id, timestamp, source, message, category, parsed_at FROM events"));
        Assert.Equal(6, own.Count);

        Engine().Rollback(new RollbackCommand { ToVersion = "001", MaxValuesLost = 3 });

        Assert.Equal(["id", "raw_log_id", "timestamp", "source", "message", "category", "parsed_at"], Lines("SELECT name FROM pragma_table_info('events')"));
        Assert.Equal(kept, Lines("SELECT rowid, * FROM events"));
        Assert.Equal(own, Lines(Names));
        Assert.Equal(notes, Lines("SELECT * FROM notes"));
        Assert.Equal(["e1|IT'S; FINE"], Lines("SELECT * FROM loud"));
        Execute("UPDATE events SET message = 'y' WHERE id = 'ü2'");
        Assert.Equal(["other; really"], Lines("SELECT note FROM notes WHERE event_id = 'ü2'"));
        Assert.Equal("003_optimize_realtime_indexes", Engine().Migrate(new MigrateCommand()).To?.Id);
    }

    [Fact]
    public void Migrate_keeps_user_version_and_foreign_tables()
    {
        Execute("PRAGMA user_version = 42; CREATE TABLE mine (id INTEGER); INSERT INTO mine VALUES (7);");

        Engine().Migrate(new MigrateCommand());
        Engine().Rollback(new RollbackCommand { Steps = 4 });

        Assert.Equal(["42"], Lines("PRAGMA user_version"));
        Assert.Equal(["7"], Lines("SELECT id FROM mine"));
    }

    protected override MigrationEngine Engine(MigrationCatalog? catalog = null) =>
        new(_database, catalog ?? Product, _time, NullLogger<MigrationEngine>.Instance);

    protected override void Execute(string sql) => _file.Execute(sql);

    protected override IReadOnlyList<string> Lines(string sql) => _file.Lines(sql);

    protected override string Snapshot() => _file.Snapshot();

    protected override string Structure() => _file.Structure();
}
