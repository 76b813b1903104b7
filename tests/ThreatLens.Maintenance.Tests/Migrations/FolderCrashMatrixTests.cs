using System.Globalization;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Maintenance.Tests.Migrations.Folders;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>
/// As <see cref="CrashMatrixTests"/>, of what an operator's folder adds (hooks, rebuilt tables, a script without a transaction), and of Repair: the
/// database is at a version, or a script without a transaction is under way, and the next run ends where one without a crash does, in rows as in schema.
/// </summary>
public sealed class FolderCrashMatrixTests : SqliteMigrationTestBase
{
    private const int Killed = 128 + 9;

    private readonly ITestOutputHelper _output;
    private readonly ScriptFolder _scripts;
    private readonly MigrationCatalog _catalog;

    public FolderCrashMatrixTests(ITestOutputHelper output)
    {
        _output = output;
        _scripts = new ScriptFolder(Folder.File("scripts"));
        _scripts.With("1000_t.up.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX ia ON t (a);\nCREATE TABLE seen (a);\nCREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO seen VALUES (NEW.a); END;\nINSERT INTO t (a) SELECT content FROM raw_logs;");
        _scripts.With("1000_t.down.sql", "DROP TABLE t;\nDROP TABLE seen;");
        _scripts.With("1001_rebuild.up.sql", "-- threatlens: rebuild-table\nCREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL CHECK (a <> ''), b INTEGER);\nUPDATE t SET b = length(a);");
        _scripts.With("1001_rebuild.down.sql", "-- threatlens: drop-column-if-present\nALTER TABLE t DROP COLUMN b;\n-- threatlens: rebuild-table\nCREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);");
        _scripts.With("1002_steps.up.sql", "-- threatlens: no-transaction\nINSERT INTO t (a) VALUES ('step one');\nVACUUM;\nCREATE TABLE u (x);\nINSERT INTO u SELECT id FROM t;");
        _scripts.With("1002_steps.down.sql", "-- threatlens: no-transaction\nDROP TABLE u;\nDELETE FROM t WHERE a = 'step one';\nVACUUM;");
        foreach (var moment in (string[])["beforeEachMigrate", "afterEachMigrate", "beforeEachRollback", "afterEachRollback"])
            _scripts.With(moment + ".sql", $"INSERT INTO log (what) VALUES ('{moment}');");
        // Of its own transaction, and so again with the next run.
        _scripts.With("beforeMigrate.sql", "INSERT OR IGNORE INTO log (id, what) VALUES (1, 'before');").With("beforeRollback.sql", "INSERT OR IGNORE INTO log (id, what) VALUES (2, 'back');");
        _catalog = _scripts.Load();

        File.Execute("CREATE TABLE log (id INTEGER PRIMARY KEY, what TEXT); INSERT INTO log VALUES (10, 'first')");
        Engine().Migrate(new MigrateCommand());
        File.Execute("INSERT INTO raw_logs (id, content, source) VALUES ('r1', 'one', 's'), ('r2', 'two', 's')");
    }

    [Fact]
    public Task Migrate_of_a_folder_killed_at_any_point_goes_on_by_itself() =>
        RunAsync("migrate-folder-die-at", engine => engine.Migrate(new MigrateCommand()));

    [Fact]
    public Task Rollback_of_a_folder_killed_at_any_point_goes_on_by_itself()
    {
        Engine(catalog: _catalog).Migrate(new MigrateCommand());
        return RunAsync("rollback-folder-die-at", engine => engine.Rollback(new RollbackCommand { ToVersion = "003", MaxValuesLost = long.MaxValue }));
    }

    [Fact]
    public async Task Repair_killed_between_its_remedies_has_mended_nothing()
    {
        var whole = File.Structure();
        File.Execute("DROP INDEX idx_events_timestamp; DROP INDEX idx_reports_date; DROP INDEX idx_log_sources_name; CREATE INDEX idx_log_sources_name ON log_sources (id DESC)");
        var damaged = File.Structure();
        var names = await NamesAsync("repair-die-at");
        // Its remedies: two indexes are created, one is dropped and created; BEGIN and COMMIT have no spans there.
        Assert.Equal(8, names.Length);

        await CrashSweep.RunAsync(_output, names, async point =>
        {
            var file = Copy($"{point}.db");
            await KillAsync("repair-die-at", file, point, names[point]);

            Assert.Equal(damaged, file.Structure());
            Assert.Equal("ok", file.Scalar("PRAGMA integrity_check"));
            Engine($"Data Source={file.Path}").Repair(new RepairCommand());
            Assert.Equal(whole, file.Structure());
            Assert.Equal(["r1", "r2"], file.Lines("SELECT id FROM raw_logs ORDER BY id"));
        });
    }

    private async Task RunAsync(string verb, Action<MigrationEngine> run)
    {
        var structures = Product.Migrations.Count is var own && verb.StartsWith("migrate", StringComparison.Ordinal) ? Up(own) : Down(own);
        var reference = Copy("reference.db");
        run(Of(reference));
        var end = Everything(reference);
        var names = await NamesAsync(verb, _scripts.Path);

        await CrashSweep.RunAsync(_output, names, async point =>
        {
            var file = Copy($"{point}.db");
            await KillAsync(verb, file, point, names[point], _scripts.Path);

            Assert.Equal("ok", file.Scalar("PRAGMA integrity_check"));
            Assert.Equal(["r1", "r2"], file.Lines("SELECT id FROM raw_logs ORDER BY id"));
            var status = Of(file).GetStatus();
            if (status.Unfinished is null)
            {
                Assert.Equal(structures[status.CurrentVersion!.Id], file.Structure());
                Assert.NotEqual(false, Of(file).CheckRecorded().IsAsRecorded);
            }

            run(Of(file));
            Assert.Equal(end, Everything(file));
            Assert.True(Of(file).Validate().IsValid);
            System.IO.File.Delete(file.Path);
        });
    }

    /// <summary>The schema at each version, on the way up.</summary>
    private Dictionary<string, string> Up(int own) => Structures("up.db", _catalog.Migrations.Skip(own), (engine, version) => engine.Migrate(new MigrateCommand { TargetVersion = version }));

    /// <summary>The schema at each version, on the way down.</summary>
    private Dictionary<string, string> Down(int own) => Structures(
        "down.db", _catalog.Migrations.Skip(own - 1).SkipLast(1).Reverse(), (engine, version) => engine.Rollback(new RollbackCommand { ToVersion = version, MaxValuesLost = long.MaxValue }));

    private Dictionary<string, string> Structures(string name, IEnumerable<Migration> versions, Action<MigrationEngine, string> go)
    {
        var file = Copy(name);
        var structures = new Dictionary<string, string> { [Of(file).GetStatus().CurrentVersion!.Id] = file.Structure() };
        foreach (var migration in versions)
        {
            go(Of(file), migration.Version.Id);
            structures.Add(migration.Version.Id, file.Structure());
        }

        return structures;
    }

    private static string Everything(SqliteFile file) => string.Join('\n', [file.Structure(), .. file.Tables().Where(t => t != "schema_migrations").Select(t => $"{t}: {file.Content(t)}")]);

    private MigrationEngine Of(SqliteFile file) => Engine($"Data Source={file.Path}", catalog: _catalog);

    private async Task<string[]> NamesAsync(string verb, params string[] words)
    {
        var (exitCode, names) = await ChildProcess.RunAsync([verb, Copy("all.db").Path, .. words, CrashPoints.Nowhere]);
        Assert.Equal(0, exitCode);
        return names;
    }

    private static async Task KillAsync(string verb, SqliteFile file, int point, string name, params string[] words)
    {
        var (exitCode, names) = await ChildProcess.RunAsync([verb, file.Path, .. words, point.ToString(CultureInfo.InvariantCulture)]);
        Assert.Equal((Killed, name), (exitCode, names[^1]));
    }

    private SqliteFile Copy(string name)
    {
        File.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        System.IO.File.Copy(File.Path, Folder.File(name), overwrite: true);
        return new SqliteFile(Folder.File(name));
    }
}
