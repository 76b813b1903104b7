using System.Diagnostics;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Maintenance.Tests.Migrations.Folders;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Stepwise;

/// <summary>Scripts that run outside of a transaction: what has run is known, and runs once.</summary>
public sealed class StepwiseMigrationTests : SqliteMigrationTestBase
{
    private const string NoTransaction = "-- threatlens: no-transaction\n";

    private readonly ScriptFolder _scripts;

    public StepwiseMigrationTests()
    {
        _scripts = new ScriptFolder(Folder.File("scripts"));
        _scripts.With("1000_base.up.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE TABLE p (id INTEGER PRIMARY KEY);").With("1000_base.down.sql", "DROP TABLE p; DROP TABLE t;");
    }

    [Fact]
    public void Migrate_script_without_a_transaction_runs_what_none_allows_and_leaves_nothing_behind()
    {
        var copy = Folder.File("copy.db");
        _scripts.With(
            "1001_x.up.sql",
            NoTransaction + $"PRAGMA foreign_keys = ON; PRAGMA user_version = 7;\nATTACH ':memory:' AS side;\nCREATE TABLE side.s (a); INSERT INTO side.s VALUES ('x');\n"
            + $"CREATE TABLE u (id REFERENCES p (id)); INSERT INTO t (a) SELECT a FROM side.s;\nDETACH side; VACUUM; VACUUM INTO '{copy}';");
        _scripts.With("1001_x.down.sql", NoTransaction + "DROP TABLE u; DELETE FROM t; VACUUM;");
        _scripts.With("1002_y.up.sql", "-- threatlens: allow delete-rows\nINSERT INTO p VALUES (1); -- threatlens-free\nDELETE FROM p;");
        var engine = Engine(catalog: _scripts.Load());

        var result = engine.Migrate(new MigrateCommand());

        Assert.Equal((10, 0), (result.Applied[^2].Statements, result.Applied[^2].SkippedStatements));
        Assert.Equal(["1|x"], File.Lines("SELECT * FROM t"));
        Assert.Equal(7L, File.Scalar("PRAGMA user_version"));
        Assert.True(System.IO.File.Exists(copy));
        Assert.DoesNotContain(File.Tables(), t => t.StartsWith("maintenance_", StringComparison.Ordinal));
        Assert.True(engine.CheckRecorded().IsAsRecorded);
        // The expected schema is found out without touching other files.
        System.IO.File.Delete(copy);
        Assert.True(engine.Validate().IsValid);
        Assert.False(System.IO.File.Exists(copy));

        Assert.Equal("1000_base", engine.Rollback(new RollbackCommand { Steps = 2, MaxValuesLost = 2 }).To?.Id);
        Assert.Equal(["p", "t"], File.Tables().Intersect(["p", "t", "u"]));
        Assert.DoesNotContain(File.Tables(), t => t.StartsWith("maintenance_", StringComparison.Ordinal));
    }

    [Fact]
    public void Migrate_that_failed_on_its_way_goes_on_there_once_mended()
    {
        _scripts.With("1001_x.up.sql", NoTransaction + "INSERT INTO t (a) VALUES ('one');\nINSERT INTO t (a) VALUES ('two');\nINSERT INTO p VALUES (1);\nINSERT INTO t (a) VALUES ('four');");
        Engine(catalog: _scripts.Load()).Migrate(new MigrateCommand { TargetVersion = "1000" });
        _scripts.With("afterEachMigrate.sql", "INSERT INTO t (a) VALUES ('hook');");
        var engine = Engine(catalog: _scripts.Load());
        File.Execute("INSERT INTO p VALUES (1)");

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => engine.Migrate(new MigrateCommand()));

        Assert.StartsWith("1001_x.up.sql, statement 3 (line 4) failed: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("The 2 statements before it have run", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("rolled back", error.Message, StringComparison.Ordinal);
        Assert.Equal("2", error.Metadata["statementsDone"]);
        var status = engine.GetStatus();
        Assert.Equal(("1001_x", false, 2), (status.Unfinished?.Version, status.Unfinished?.IsDown, status.Unfinished?.StatementsDone));
        Assert.Equal(("1000_base", false), (status.CurrentVersion?.Id, status.IsUpToDate));
        Assert.Contains(engine.Validate().Findings, f => f is { Rule: "unfinished", IsError: true });
        ExpectInTheWay("threatlens migrate --to 1001_x", () => engine.Rollback(new RollbackCommand()));
        ExpectInTheWay("threatlens migrate --to 1001_x", () => engine.Migrate(new MigrateCommand { TargetVersion = "1000" }));
        ExpectInTheWay("threatlens migrate --to 1001_x", () => engine.Repair(new Maintenance.Migrations.Drift.RepairCommand()));

        File.Execute("DELETE FROM p");
        var result = engine.Migrate(new MigrateCommand());

        Assert.Equal(["1001_x"], result.Applied.Select(a => a.Version.Id));
        Assert.Equal(["one", "two", "four", "hook"], File.Lines("SELECT a FROM t ORDER BY id"));
        Assert.True(engine.GetStatus().IsUpToDate);
    }

    [Fact]
    public void Migrate_statements_that_have_not_run_may_be_mended_and_those_that_have_may_not()
    {
        string Script(string first, string third) => $"{NoTransaction}INSERT INTO t (a) VALUES ('{first}');\nVACUUM;\n{third}";
        Assert.Throws<MaintenanceException>(() => Engine(catalog: _scripts.With("1001_x.up.sql", Script("one", "INSERT INTO nowhere VALUES (1);")).Load()).Migrate(new MigrateCommand()));

        var error = Expect.Refusal(
            ErrorReasons.MigrationUnfinished, () => Engine(catalog: _scripts.With("1001_x.up.sql", Script("other", "SELECT 1;")).Load()).Migrate(new MigrateCommand()));
        Assert.Contains("its first 2 statements have run, and were others", error.Message, StringComparison.Ordinal);
        Assert.Equal(["one"], File.Lines("SELECT a FROM t"));

        Engine(catalog: _scripts.With("1001_x.up.sql", Script("one", "INSERT INTO t (a) VALUES ('three');")).Load()).Migrate(new MigrateCommand());
        Assert.Equal(["one", "three"], File.Lines("SELECT a FROM t ORDER BY id"));
    }

    [Fact]
    public void Rollback_that_failed_on_its_way_is_finished_before_anything_else()
    {
        _scripts.With("1001_x.up.sql", "CREATE TABLE u (id); CREATE TABLE v (id);").With("1001_x.down.sql", NoTransaction + "DROP TABLE u;\nINSERT INTO p VALUES (1);\nDROP TABLE v;");
        var engine = Engine(catalog: _scripts.Load());
        engine.Migrate(new MigrateCommand());
        File.Execute("INSERT INTO p VALUES (1)");

        Expect.Refusal(ErrorReasons.MigrationFailed, () => engine.Rollback(new RollbackCommand()));

        Assert.Equal((true, 1), (engine.GetStatus().Unfinished?.IsDown, engine.GetStatus().Unfinished?.StatementsDone));
        ExpectInTheWay("threatlens rollback --version 1001_x", () => engine.Migrate(new MigrateCommand()));
        File.Execute("DELETE FROM p");
        Assert.Equal("1000_base", engine.Rollback(new RollbackCommand { Version = "1001" }).To?.Id);
        Assert.DoesNotContain("v", File.Tables());
        Assert.Equal("1001_x", engine.Migrate(new MigrateCommand()).To?.Id);
    }

    [Theory]
    [InlineData("COMMIT", 0)]
    [InlineData("PRAGMA", 1)]
    [InlineData("INSERT t", 2)]
    [InlineData("VACUUM", 3)]
    [InlineData("DELETE p", 4)]
    [InlineData("INSERT schema_migrations", 4)]
    public async Task Migrate_killed_on_its_way_runs_every_statement_once(string span, int least)
    {
        _scripts.With("1001_x.up.sql", NoTransaction + "PRAGMA foreign_keys = ON; INSERT INTO t (a) VALUES ('one');\nVACUUM;\nDELETE FROM p;");
        var engine = Engine(catalog: _scripts.Load());
        engine.Migrate(new MigrateCommand { TargetVersion = "1000" });
        var before = engine.CheckRecorded();
        using (var child = await ChildProcess.StartAsync("migrate-folder-stop-at", File.Path, _scripts.Path, span))
            await child.KillAsync();

        var unfinished = engine.GetStatus().Unfinished;
        Assert.Equal(("1001_x", least), (unfinished?.Version, unfinished?.StatementsDone));
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
        engine.Migrate(new MigrateCommand());

        Assert.Equal(["one"], File.Lines("SELECT a FROM t"));
        Assert.Equal([before.Fingerprint], File.Lines("SELECT fingerprint_before FROM schema_migrations WHERE version = '1001_x'"));
        Assert.True(engine.GetStatus().IsUpToDate);
    }

    [Fact]
    public void Migrate_taken_over_by_another_stops_and_repeats_nothing()
    {
        _scripts.With("1001_x.up.sql", NoTransaction + "INSERT INTO t (a) VALUES ('one');\nDELETE FROM p;\nINSERT INTO t (a) VALUES ('three');");
        var catalog = _scripts.Load();
        Engine(catalog: catalog).Migrate(new MigrateCommand { TargetVersion = "1000" });
        var other = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MaintenanceDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.DisplayName == "DELETE p" && activity.GetTagItem("db.namespace") is "threatlens.db" && Interlocked.Increment(ref other) == 1)
                    Engine(catalog: catalog).Migrate(new MigrateCommand());
            },
        };
        ActivitySource.AddActivityListener(listener);

        Expect.Failure(ErrorKind.Aborted, ErrorReasons.OperationConflict, () => Engine(catalog: catalog).Migrate(new MigrateCommand()));

        Assert.Equal(["one", "three"], File.Lines("SELECT a FROM t ORDER BY id"));
        Assert.True(Engine(catalog: catalog).GetStatus().IsUpToDate);
    }

    [Theory]
    [InlineData("BEGIN;")]
    [InlineData("COMMIT;")]
    [InlineData("ROLLBACK;")]
    [InlineData("SAVEPOINT a;")]
    public void Load_transactions_of_its_own_are_refused(string sql)
    {
        var error = Expect.Refusal(ErrorReasons.MigrationInvalid, () => _scripts.With("1001_x.up.sql", NoTransaction + "VACUUM;\n" + sql).Load());

        Assert.Contains("1001_x.up.sql, line 3 (statement 2)", error.Message, StringComparison.Ordinal);
        Assert.Contains("each statement commits by itself", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Migrate_rebuild_without_a_transaction_is_one_statement_and_wants_foreign_keys_off()
    {
        const string Rebuild = "-- threatlens: rebuild-table\nCREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);";
        File.Execute("PRAGMA user_version = 1");
        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Engine(catalog: _scripts.With("1001_x.up.sql", $"{NoTransaction}PRAGMA foreign_keys = ON;\n{Rebuild}").Load()).Migrate(new MigrateCommand()));
        Assert.Contains("foreign keys are switched on", error.Message, StringComparison.Ordinal);

        Engine(catalog: _scripts.With("1001_x.up.sql", $"{NoTransaction}PRAGMA foreign_keys = ON;\nPRAGMA foreign_keys = OFF;\n{Rebuild}").Load()).Migrate(new MigrateCommand());
        Assert.Equal(["id", "a", "b"], File.Lines("SELECT name FROM pragma_table_info('t')"));
    }

    private static void ExpectInTheWay(string remedy, Action call) =>
        Assert.Contains(remedy, Expect.Refusal(ErrorReasons.MigrationUnfinished, call).Message, StringComparison.Ordinal);
}
