using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Tests.Migrations.Folders;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Hooks;

public sealed class MigrationHookTests : SqliteMigrationTestBase
{
    private readonly ScriptFolder _scripts;

    public MigrationHookTests()
    {
        _scripts = new ScriptFolder(Folder.File("scripts"));
        Engine().Migrate(new MigrateCommand());
        File.Execute("CREATE TABLE log (what TEXT)");
        _scripts.With("1000_a.up.sql", Says("up a") + "CREATE TABLE a (x);").With("1000_a.down.sql", Says("down a") + "DROP TABLE a;");
        _scripts.With("1001_b.up.sql", Says("up b")).With("1001_b.down.sql", Says("down b"));
    }

    [Fact]
    public void Run_hooks_stand_around_run_and_migrations()
    {
        foreach (var hook in (string[])["beforeMigrate", "beforeEachMigrate", "afterEachMigrate", "afterMigrate", "beforeRollback", "beforeEachRollback", "afterEachRollback", "afterRollback"])
            _scripts.With(hook + ".sql", Says(hook + " ${x}"));
        _scripts.Placeholder("x", "it's");
        var engine = Engine(catalog: _scripts.Load());

        engine.Migrate(new MigrateCommand());
        engine.Migrate(new MigrateCommand());
        Assert.Equal(
            ["beforeMigrate it's", "beforeEachMigrate it's", "up a", "afterEachMigrate it's", "beforeEachMigrate it's", "up b", "afterEachMigrate it's", "afterMigrate it's"], Log());

        File.Execute("DELETE FROM log");
        engine.Rollback(new RollbackCommand { ToVersion = "003" });
        engine.Rollback(new RollbackCommand { ToVersion = "003" });
        Assert.Equal(
            ["beforeRollback it's", "beforeEachRollback it's", "down b", "afterEachRollback it's", "beforeEachRollback it's", "down a", "afterEachRollback it's", "afterRollback it's"], Log());
    }

    [Fact]
    public void Plan_lists_the_hooks_of_its_direction_and_none_when_there_is_nothing_to_do()
    {
        _scripts.With("beforeEachMigrate.sql", Says("one") + "\n" + Says("two")).With("afterMigrate.sql", Says("three")).With("afterRollback.sql", Says("four"));
        var engine = Engine(catalog: _scripts.Load());

        var up = engine.PlanMigrate(new MigrateCommand());
        Assert.Equal(["beforeEachMigrate.sql 1", "beforeEachMigrate.sql 2", "afterMigrate.sql 1"], up.Hooks.SelectMany(h => h.Statements.Select(s => $"{h.Script} {s.Number}")));
        Assert.Contains("two", up.Hooks[0].Statements[1].Sql, StringComparison.Ordinal);

        engine.Migrate(new MigrateCommand());
        Assert.Empty(engine.PlanMigrate(new MigrateCommand()).Hooks);
        Assert.Equal(["afterRollback.sql"], engine.PlanRollback(new RollbackCommand { Steps = 1 }).Hooks.Select(h => h.Script));
    }

    [Fact]
    public void Plan_counts_the_rows_of_hooks_and_what_they_leave_to_the_migrations()
    {
        File.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
        _scripts.With("beforeMigrate.sql", "DELETE FROM t WHERE id = 1;").With("beforeEachMigrate.sql", "INSERT INTO log SELECT 'each' FROM t;\nDELETE FROM t WHERE id = 2;");
        _scripts.With("1000_a.up.sql", "CREATE INDEX it ON t (id);").With("1001_b.up.sql", "CREATE INDEX it2 ON t (id);").With("afterMigrate.sql", "INSERT INTO log SELECT version FROM schema_migrations;");
        var engine = Engine(catalog: _scripts.Load());

        var plan = engine.PlanMigrate(new MigrateCommand());

        Assert.Equal(
            ["beforeMigrate.sql 1", "beforeEachMigrate.sql 3", "beforeEachMigrate.sql 1", "afterMigrate.sql ?"],
            plan.Hooks.SelectMany(h => h.Statements.Select(s => $"{h.Script} {(s.Rows is { } rows ? FormattableString.Invariant($"{rows}") : "?")}")));
        Assert.Equal([1L, 1L], plan.Steps.Select(s => s.Statements[0].Rows));
        Assert.Equal(
            ["beforeMigrate.sql  delete-rows False", "beforeEachMigrate.sql 1000_a delete-rows False"],
            plan.Findings.Select(f => $"{f.Script} {f.Version} {f.Rule} {f.IsError}"));
        Assert.Equal(2, engine.Migrate(new MigrateCommand { Etag = plan.Etag }).Applied.Count);
        Assert.Equal(["3"], File.Lines("SELECT id FROM t"));
    }

    [Theory]
    [InlineData("beforeMigrate.sql", "INSERT INTO later VALUES (1);", "beforeMigrate.sql ")]
    [InlineData("beforeEachMigrate.sql", "SELECT 1; INSERT INTO later VALUES (1);", "beforeEachMigrate.sql 1000_a")]
    [InlineData("afterEachMigrate.sql", "INSERT INTO later VALUES (1);", "afterEachMigrate.sql 1000_a")]
    [InlineData("afterMigrate.sql", "INSERT INTO later VALUES (1);", null)]
    [InlineData("afterEachMigrate.sql", "INSERT INTO log SELECT execution_ms FROM schema_migrations;", null)]
    public void Plan_says_of_a_hook_that_it_does_not_run_as_Migrate_then_does(string hook, string sql, string? told)
    {
        _scripts.With(hook, sql).With("1001_b.up.sql", "CREATE TABLE later (x);");
        var engine = Engine(catalog: _scripts.Load());

        var finding = engine.PlanMigrate(new MigrateCommand()).Findings.SingleOrDefault(f => f is { Rule: "does-not-run", IsError: true });

        Assert.Equal(told, finding is null ? null : $"{finding.Script} {finding.Version}");
        if (told is null)
            Assert.Equal(2, engine.Migrate(new MigrateCommand()).Applied.Count);
        else
            Assert.Contains(hook, Expect.Refusal(ErrorReasons.MigrationFailed, () => engine.Migrate(new MigrateCommand())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_of_a_new_database_knows_the_history_that_the_hooks_find()
    {
        _scripts.With("afterEachMigrate.sql", "CREATE TABLE IF NOT EXISTS seen (version); INSERT INTO seen SELECT max(version) FROM schema_migrations;");
        _scripts.With("1000_a.up.sql", "CREATE TABLE a (x);").With("1001_b.up.sql", "CREATE TABLE b (x);");
        var file = new SqliteFile(Folder.File("new.db"));
        var engine = Engine($"Data Source={file.Path}", catalog: _scripts.Load());

        Assert.Empty(engine.PlanMigrate(new MigrateCommand()).Findings);
        Assert.False(System.IO.File.Exists(file.Path));

        engine.Migrate(new MigrateCommand());
        Assert.Equal(6L, file.Scalar("SELECT count(*) FROM seen"));
    }

    [Fact]
    public void Rollback_hook_that_loses_values_is_confirmed_with_them()
    {
        File.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'x'), (2, NULL)");
        _scripts.With("beforeEachRollback.sql", "DELETE FROM t WHERE id = 1;").With("afterRollback.sql", "DELETE FROM t;");
        var engine = Engine(catalog: _scripts.Load());
        engine.Migrate(new MigrateCommand());
        File.Execute("DELETE FROM log");
        var down = new RollbackCommand { ToVersion = "003" };

        // Two of the row that the first hook deletes, one of the row that the second does.
        Assert.Equal(3, engine.PlanRollback(down).ValuesLost);
        Assert.Equal("3", Expect.Refusal(ErrorReasons.ValuesWouldBeLost, () => engine.Rollback(down with { MaxValuesLost = 2 })).Metadata["valuesLost"]);
        Assert.Equal(2L, File.Scalar("SELECT count(*) FROM t"));
        Assert.Equal(2, engine.Rollback(down with { MaxValuesLost = 3 }).RolledBack.Count);
    }

    [Fact]
    public void Plan_that_only_adopts_lists_the_hooks_around_the_run_only()
    {
        foreach (var hook in (string[])["beforeMigrate", "beforeEachMigrate", "afterEachMigrate", "afterMigrate"])
            _scripts.With(hook + ".sql", Says(hook));
        _scripts.With("1000_a.up.sql", "CREATE TABLE a (x);").With("1001_b.up.sql", "CREATE INDEX ib ON a (x);");
        var engine = Engine(catalog: _scripts.Load());
        engine.Migrate(new MigrateCommand());
        File.Execute("DELETE FROM log; UPDATE schema_migrations SET checksum = NULL");

        Assert.Equal(["beforeMigrate.sql", "afterMigrate.sql"], engine.PlanMigrate(new MigrateCommand()).Hooks.Select(h => h.Script));

        engine.Migrate(new MigrateCommand());
        Assert.Equal(["beforeMigrate", "afterMigrate"], Log());
    }

    [Theory]
    [InlineData("INSERT INTO log VALUES ('other');")]
    [InlineData("-- threatlens: refuse-if-rows log\nINSERT INTO log VALUES ('before');")]
    public void Etag_of_a_plan_whose_hook_was_edited_no_longer_holds(string edited)
    {
        var engine = Engine(catalog: _scripts.With("beforeMigrate.sql", Says("before")).Load());
        var etag = engine.PlanMigrate(new MigrateCommand()).Etag;

        var other = Engine(catalog: _scripts.With("beforeMigrate.sql", edited).Load());

        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => other.Migrate(new MigrateCommand { Etag = etag }));
        Assert.Single(_scripts.With("beforeMigrate.sql", "-- a remark\n" + Says("before")).Load().Hooks.Meanings);
        Assert.Equal(etag, Engine(catalog: _scripts.Load()).PlanMigrate(new MigrateCommand()).Etag);
    }

    [Theory]
    [InlineData("beforeMigrate.sql", "", "")]
    [InlineData("beforeEachMigrate.sql", "", "")]
    [InlineData("afterEachMigrate.sql", "", "")]
    [InlineData("afterMigrate.sql", "1000_a, 1001_b", "up a|up b")]
    public void Migrate_hook_that_fails_takes_its_transaction_along(string hook, string applied, string log)
    {
        _scripts.With(hook, Says("never") + "\nINSERT INTO nowhere VALUES (1);");

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Engine(catalog: _scripts.Load()).Migrate(new MigrateCommand()));

        Assert.Contains($"{hook}, statement 2 (line 2) failed", error.Message, StringComparison.Ordinal);
        Assert.Equal(applied, error.Metadata.GetValueOrDefault("appliedVersions", ""));
        Assert.Equal(log, string.Join('|', Log()));
        Assert.Equal(applied.Length > 0, File.Tables().Contains("a"));
    }

    [Fact]
    public void Migrate_hook_that_changes_the_schema_changes_what_is_recorded()
    {
        _scripts.With("1000_a.up.sql", "CREATE TABLE a (x);").With("1001_b.up.sql", "CREATE INDEX ib ON a (x);").With("1001_b.down.sql", "DROP INDEX ib;");
        _scripts.With("afterMigrate.sql", "CREATE VIEW va AS SELECT x FROM a;").With("beforeRollback.sql", "DROP VIEW va;");
        var engine = Engine(catalog: _scripts.Load());

        engine.Migrate(new MigrateCommand());
        Assert.True(engine.CheckRecorded().IsAsRecorded);
        Assert.True(engine.Validate().IsValid);

        engine.Rollback(new RollbackCommand());
        Assert.True(engine.CheckRecorded().IsAsRecorded);
    }

    [Fact]
    public void Run_with_an_etag_goes_on_though_the_hook_before_it_changed_the_schema()
    {
        _scripts.With("beforeMigrate.sql", "CREATE VIEW v AS SELECT what FROM log;").With("beforeRollback.sql", "DROP VIEW v;");
        var engine = Engine(catalog: _scripts.Load());

        var up = engine.Migrate(new MigrateCommand { Etag = engine.PlanMigrate(new MigrateCommand()).Etag });
        Assert.Equal(2, up.Applied.Count);

        var down = new RollbackCommand { ToVersion = "003" };
        Assert.Equal(2, engine.Rollback(down with { Etag = engine.PlanRollback(down).Etag }).RolledBack.Count);
    }

    [Fact]
    public void Run_hook_of_a_plan_that_no_longer_holds_is_not_run()
    {
        _scripts.With("beforeMigrate.sql", Says("before")).With("beforeRollback.sql", Says("back"));
        var engine = Engine(catalog: _scripts.Load());
        var etag = engine.PlanMigrate(new MigrateCommand()).Etag;

        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => engine.Migrate(new MigrateCommand { Etag = etag, BeforeChange = () => Change("one") }));
        Assert.Empty(Log());

        engine.Migrate(new MigrateCommand());
        File.Execute("DELETE FROM log");
        var back = new RollbackCommand { Etag = engine.PlanRollback(new RollbackCommand()).Etag, BeforeChange = () => Change("two") };
        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => engine.Rollback(back));
        Assert.Empty(Log());
    }

    [Fact]
    public void Run_hook_is_not_run_when_another_process_did_it_all_meanwhile()
    {
        _scripts.With("beforeMigrate.sql", Says("before")).With("afterMigrate.sql", Says("after")).With("beforeRollback.sql", Says("back"));
        var (engine, other) = (Engine(catalog: _scripts.Load()), Engine(catalog: _scripts.Load()));

        Assert.Empty(engine.Migrate(new MigrateCommand { BeforeChange = () => Done(() => other.Migrate(new MigrateCommand())) }).Applied);
        Assert.Equal(["before", "up a", "up b", "after"], Log());

        File.Execute("DELETE FROM log");
        var down = new RollbackCommand { ToVersion = "003" };
        Assert.Empty(engine.Rollback(down with { BeforeChange = () => Done(() => other.Rollback(down)) }).RolledBack);
        Assert.Equal(["back", "down b", "down a"], Log());
    }

    [Theory]
    [InlineData("COMMIT;", "beforeMigrate.sql, line 1 (statement 1)")]
    [InlineData("SELECT 1;\nSELECT 'open", "beforeMigrate.sql, line 2 (statement 2)")]
    [InlineData("-- threatlens: no-transaction\nSELECT 1;", "beforeMigrate.sql")]
    public void Load_bad_hook_is_refused_like_any_script(string sql, string where) => Assert.StartsWith(
        where, Expect.Refusal(ErrorReasons.MigrationInvalid, () => _scripts.With("beforeMigrate.sql", sql).Load()).Message, StringComparison.Ordinal);

    private string? Change(string index) => Done(() => File.Execute($"CREATE INDEX {index} ON log (what)"));

    private static string? Done(Action action)
    {
        action();
        return null;
    }

    private static string Says(string what) => $"INSERT INTO log VALUES ('{what}');";

    private IReadOnlyList<string> Log() => File.Lines("SELECT what FROM log ORDER BY rowid");
}
