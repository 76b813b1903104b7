using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Linting;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Planning;

public sealed class LintTests : PlanTestBase
{
    private const string Copy = "CREATE TABLE new_t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT);\nINSERT INTO new_t SELECT * FROM t;\nDROP TABLE t;\nALTER TABLE new_t RENAME TO t;";

    [Fact]
    public void Migrate_dangerous_script_below_an_adopted_version_is_refused_before_the_backup()
    {
        Base();
        File.Execute("INSERT INTO schema_migrations (version, description) VALUES ('003_adopted', 'without a checksum')");
        var engine = With([MigrationCatalogTests.Create("002_next", "DROP TABLE t;", "SELECT 1;"), MigrationCatalogTests.Create("003_adopted", "CREATE TABLE IF NOT EXISTS more (id INTEGER);", "SELECT 1;")]);

        var error = Expect.Refusal(
            ErrorReasons.LintFailed, () => engine.Migrate(new MigrateCommand { Order = MigrationOrder.Allow, BeforeChange = () => throw new InvalidOperationException("No backup is due.") }));

        Assert.Equal((LintRules.DropTableWithData, "002_next.up.sql"), (error.Metadata["rule"], error.Metadata["script"]));
    }

    [Theory]
    [InlineData("SELECT 1;\n\nDROP TABLE t;", LintRules.DropTableWithData, 2, 3)]
    [InlineData("ALTER TABLE t DROP COLUMN c;", LintRules.DropColumnWithData, 1, 1)]
    [InlineData("ALTER TABLE t DROP a;", LintRules.DropColumnWithData, 1, 1)]
    [InlineData("DELETE FROM t WHERE id > 2;", LintRules.DeleteRows, 1, 1)]
    [InlineData("WITH x AS (SELECT 1 AS id) DELETE FROM t WHERE id IN (SELECT id FROM x);", LintRules.DeleteRows, 1, 1)]
    [InlineData("ALTER TABLE t ADD COLUMN d TEXT NOT NULL;", LintRules.NotNullWithoutDefault, 1, 1)]
    [InlineData("ALTER TABLE t ADD d TEXT NOT NULL DEFAULT NULL;", LintRules.NotNullWithoutDefault, 1, 1)]
    [InlineData("CREATE TABLE x (id INTEGER);\nCOMMIT;", LintRules.TransactionControl, 2, 2)]
    [InlineData("BEGIN;", LintRules.TransactionControl, 1, 1)]
    [InlineData("begin immediate;", LintRules.TransactionControl, 1, 1)]
    [InlineData("/* x */ Commit", LintRules.TransactionControl, 1, 1)]
    [InlineData("END TRANSACTION;", LintRules.TransactionControl, 1, 1)]
    [InlineData("ROLLBACK;", LintRules.TransactionControl, 1, 1)]
    [InlineData("SAVEPOINT a;", LintRules.TransactionControl, 1, 1)]
    [InlineData("RELEASE a;", LintRules.TransactionControl, 1, 1)]
    [InlineData("VACUUM;", LintRules.TransactionControl, 1, 1)]
    [InlineData("VACUUM INTO 'x';", LintRules.TransactionControl, 1, 1)]
    [InlineData("ATTACH 'x' AS y;", LintRules.TransactionControl, 1, 1)]
    [InlineData("DETACH y;", LintRules.TransactionControl, 1, 1)]
    [InlineData("PRAGMA foreign_keys = ON;", LintRules.Pragma, 1, 1)]
    [InlineData("CREATE TABLE new_t (id INTEGER PRIMARY KEY, b INTEGER, c TEXT);\nINSERT INTO new_t SELECT id, b, c FROM t;\nDROP TABLE t;\nALTER TABLE new_t RENAME TO t;", LintRules.DropColumnWithData, 3, 3)]
    [InlineData("CREATE TABLE new_t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT);\nINSERT INTO new_t SELECT * FROM t WHERE b = 1;\nDROP TABLE t;\nALTER TABLE new_t RENAME TO t;", LintRules.DeleteRows, 3, 3)]
    [InlineData("DROP TABLE t;\nCREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT);", LintRules.DeleteRows, 1, 1)]
    public void Migrate_dangerous_statement_is_refused_by_file_statement_line_and_rule(string up, string rule, int statement, int line)
    {
        Base();
        var before = File.Snapshot();

        var finding = Assert.Single(With(up).PlanMigrate(new MigrateCommand()).Findings, f => f.IsError);
        var error = Expect.Refusal(ErrorReasons.LintFailed, () => With(up).Migrate(new MigrateCommand { BeforeChange = () => throw new InvalidOperationException("No backup is due.") }));

        Assert.Equal((rule, "002_next", "002_next.up.sql", statement, line), (finding.Rule, finding.Version, finding.Script, finding.Statement, finding.Line));
        Assert.Equal(
            (rule, "002_next.up.sql", FormattableString.Invariant($"{statement}"), FormattableString.Invariant($"{line}")),
            (error.Metadata["rule"], error.Metadata["script"], error.Metadata["statement"], error.Metadata["line"]));
        Assert.Contains(FormattableString.Invariant($"002_next.up.sql, statement {statement} (line {line}): {rule}"), error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.Snapshot());
    }

    [Theory]
    [InlineData("DELETE FROM t WHERE id > 99;")]
    [InlineData("CREATE TABLE x (id INTEGER); DROP TABLE x;")]
    [InlineData("CREATE TABLE x (id INTEGER); INSERT INTO x VALUES (1); DELETE FROM x; DROP TABLE x;")]
    [InlineData("ALTER TABLE t ADD COLUMN d TEXT NOT NULL DEFAULT 'x';")]
    [InlineData("ALTER TABLE t RENAME COLUMN a TO d; ALTER TABLE t RENAME TO u;")]
    [InlineData("ALTER TABLE t ADD COLUMN d TEXT; ALTER TABLE t DROP COLUMN d;")]
    [InlineData("DROP VIEW IF EXISTS v; DROP INDEX IF EXISTS i; DROP TABLE IF EXISTS nowhere;")]
    [InlineData("UPDATE t SET a = 'x';")]
    [InlineData("INSERT INTO t (a) VALUES ('DROP TABLE t; COMMIT; PRAGMA x');")]
    [InlineData("CREATE TRIGGER trg AFTER INSERT ON t BEGIN DELETE FROM other; SELECT CASE WHEN 1 THEN 2 END; END;")]
    [InlineData(Copy)]
    public void Migrate_harmless_statement_has_no_finding(string up)
    {
        Base();

        Assert.Empty(With(up).PlanMigrate(new MigrateCommand()).Findings);
        Assert.Single(With(up).Migrate(new MigrateCommand()).Applied);
    }

    [Theory]
    [InlineData("DROP TABLE t;", LintRules.DropTableWithData)]
    [InlineData("DROP TABLE t;", LintRules.Destructive)]
    [InlineData("ALTER TABLE t DROP COLUMN c;", LintRules.Destructive)]
    [InlineData("DELETE FROM t;", LintRules.DeleteRows)]
    [InlineData("PRAGMA user_version = 7;", LintRules.Pragma)]
    [InlineData("SAVEPOINT a; CREATE TABLE x (id INTEGER); RELEASE a;", LintRules.TransactionControl)]
    [InlineData("SAVEPOINT a; DROP TABLE other; ROLLBACK TO a; CREATE TABLE x (id INTEGER);", LintRules.TransactionControl + ", " + LintRules.Destructive)]
    public void Migrate_rule_that_script_or_request_allows_by_name_is_told_and_runs(string up, string rules)
    {
        Base();
        var byScript = $"-- threatlens: allow {rules}\n{up}";
        string[] allow = rules.Split(", ");
        Assert.NotEmpty(With(byScript).PlanMigrate(new MigrateCommand()).Findings);
        Assert.DoesNotContain(With(byScript).PlanMigrate(new MigrateCommand()).Findings, f => f.IsError);
        Assert.DoesNotContain(With(up).PlanMigrate(new MigrateCommand { Allow = allow }).Findings, f => f.IsError);

        Assert.Single(With(up).Migrate(new MigrateCommand { Allow = allow }).Applied);
    }

    [Theory]
    [InlineData("SELECT 1;\nCOMMIT;", 2, 2)]
    [InlineData("SELECT 1;\n/* ; */ -- ;\nend transaction;", 3, 2)]
    [InlineData("SELECT 1; ROLLBACK;", 1, 2)]
    [InlineData("BEGIN;", 1, 1)]
    public void Migrate_statement_that_ends_the_transaction_is_refused_by_file_line_and_statement(string up, int line, int statement)
    {
        Base();

        var error = Expect.Refusal(ErrorReasons.LintFailed, () => With(up).Migrate(new MigrateCommand { Allow = [LintRules.TransactionControl] }));

        Assert.Contains("take it out", error.Message, StringComparison.Ordinal);
        Assert.Equal(("002_next.up.sql", $"{line}", $"{statement}"), (error.Metadata["script"], error.Metadata["line"], error.Metadata["statement"]));
    }

    [Theory]
    [InlineData("DETACH x;")]
    [InlineData("VACUUM;")]
    public void Migrate_statement_that_leaves_the_transaction_can_only_be_allowed_by_the_script(string up)
    {
        Base();

        var error = Expect.Refusal(ErrorReasons.LintFailed, () => With(up).Migrate(new MigrateCommand { Allow = [LintRules.TransactionControl] }));

        Assert.Contains("-- threatlens: no-transaction", error.Message, StringComparison.Ordinal);
        Assert.Empty(With($"-- threatlens: no-transaction\n{up}").PlanMigrate(new MigrateCommand()).Findings);
    }

    [Fact]
    public void Migrate_unknown_rule_to_allow_names_the_field_and_the_known_rules()
    {
        Base();

        var error = Expect.BadField("allow[1]", () => With("SELECT 1;").Migrate(new MigrateCommand { Allow = [LintRules.Pragma, "everything"] }));

        Assert.Contains(LintRules.DropColumnWithData, error.Message, StringComparison.Ordinal);
        Expect.BadField("allow[0]", () => With("SELECT 1;").PlanMigrate(new MigrateCommand { Allow = [""] }));
        Expect.BadField("allow[0]", () => With("SELECT 1;").Rollback(new RollbackCommand { Allow = ["x"] }));
    }

    [Fact]
    public void Migrate_names_all_findings()
    {
        Base();

        var error = Expect.Refusal(ErrorReasons.LintFailed, () => With("DELETE FROM other;\nDROP TABLE t;\nPRAGMA optimize;").Migrate(new MigrateCommand()));

        Assert.Equal($"{LintRules.DeleteRows}, {LintRules.DropTableWithData}, {LintRules.Pragma}", error.Metadata["rules"]);
        Assert.Equal(3, error.Metadata["findings"].Split("; 002_next").Length);
    }

    [Fact]
    public void Migrate_copy_of_a_table_is_an_error_from_the_configured_number_of_rows()
    {
        Base();

        var small = With(Copy, options: new MigrationOptions { LargeTableRows = 4 }).PlanMigrate(new MigrateCommand());
        var engine = With(Copy, options: new MigrationOptions { LargeTableRows = 3 });
        var large = Assert.Single(engine.PlanMigrate(new MigrateCommand()).Findings);

        Assert.Empty(small.Findings);
        Assert.Equal([false, true, false, false], small.Steps.Single().Statements.Select(s => s.RebuildsTable));
        Assert.Equal((LintRules.RebuildOfLargeTable, 2, true), (large.Rule, large.Statement, large.IsError));
        Expect.Refusal(ErrorReasons.LintFailed, () => engine.Migrate(new MigrateCommand()));
        Assert.Single(engine.Migrate(new MigrateCommand { Allow = [LintRules.RebuildOfLargeTable] }).Applied);
    }

    [Fact]
    public void Plan_statement_that_does_not_run_says_why_and_Migrate_rolls_it_back()
    {
        Base();
        var engine = With("DELETE FROM other WHERE id = 77;\nDROP TABLE nowhere;");

        var finding = Assert.Single(engine.PlanMigrate(new MigrateCommand()).Findings);

        Assert.Equal((LintRules.DoesNotRun, 2, true), (finding.Rule, finding.Statement, finding.IsError));
        Assert.Contains("nowhere", finding.Message, StringComparison.Ordinal);
        Expect.Refusal(ErrorReasons.MigrationFailed, () => engine.Migrate(new MigrateCommand()));
    }

    [Fact]
    public void Migrate_rows_that_come_between_the_look_and_the_transaction_are_seen()
    {
        Base();
        File.Execute("DELETE FROM other");
        var engine = With("DROP TABLE other;");
        Assert.Empty(engine.PlanMigrate(new MigrateCommand()).Findings);

        var error = Expect.Refusal(ErrorReasons.LintFailed, () => engine.Migrate(new MigrateCommand { BeforeChange = () => Write("INSERT INTO other VALUES (1, 1)") }));

        Assert.Equal(LintRules.DropTableWithData, error.Metadata["rule"]);
        Assert.Equal(1L, File.Scalar("SELECT count(*) FROM other"));
    }

    [Fact]
    public void Plan_of_what_an_earlier_migration_decides_is_told_and_looked_at_when_it_runs()
    {
        Base();
        var engine = With(
        [
            MigrationCatalogTests.Create("002_fill", "-- threatlens: allow destructive\nINSERT OR IGNORE INTO other SELECT id, id FROM t; DELETE FROM other WHERE id < 1000;"),
            MigrationCatalogTests.Create("003_drop", "DROP TABLE other;"),
        ]);

        var finding = Assert.Single(engine.PlanMigrate(new MigrateCommand()).Findings, f => f.Version == "003_drop");
        var result = engine.Migrate(new MigrateCommand());

        Assert.False(finding.IsError);
        Assert.Equal(2, result.Applied.Count);
    }

    [Fact]
    public void Catalog_with_a_dangerous_script_still_serves_what_comes_before_it()
    {
        Base();
        var engine = With([MigrationCatalogTests.Create("002_good", "CREATE TABLE good (id INTEGER);"), MigrationCatalogTests.Create("003_bad", "COMMIT;")]);

        Assert.Equal(2, engine.GetStatus().Pending.Count());
        Expect.Refusal(ErrorReasons.LintFailed, () => engine.Migrate(new MigrateCommand()));
        Assert.DoesNotContain("good", File.Tables());
        Assert.Equal("002_good", engine.Migrate(new MigrateCommand { TargetVersion = "002" }).To?.Id);
        Assert.True(engine.Validate().IsValid);
    }

    private string? Write(string sql)
    {
        File.Execute(sql);
        return null;
    }
}
