using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Linting;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Planning;

/// <summary>Plans of what only the engine can run, and not SQLite alone: tables rebuilt, scripts without a transaction.</summary>
public sealed class RebuildPlanTests : SqliteMigrationTestBase
{
    [Fact]
    public void PlanMigrate_drop_that_sqlite_refuses_is_a_rebuild_that_loses_the_column()
    {
        File.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, gone TEXT CHECK (gone <> ''), kept TEXT, CHECK (gone <> kept)); INSERT INTO t VALUES (1, 'a', 'b'), (2, NULL, 'c')");

        var plan = Engine(catalog: Catalog("-- threatlens: drop-column-if-present\nALTER TABLE t DROP COLUMN gone;")).PlanMigrate(new MigrateCommand());

        var statement = Assert.Single(Assert.Single(plan.Steps).Statements);
        Assert.Equal((true, 2L), (statement.RebuildsTable, statement.Rows));
        Assert.Equal(LintRules.DropColumnWithData, Assert.Single(plan.Findings, f => f.IsError).Rule);
    }

    [Fact]
    public void PlanMigrate_rebuild_on_request_touches_every_row_and_is_no_error()
    {
        File.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, kept TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')");
        var catalog = Catalog("-- threatlens: rebuild-table\nCREATE TABLE t (id INTEGER PRIMARY KEY, kept TEXT NOT NULL CHECK (kept <> ''));");

        var plan = Engine(catalog: catalog).PlanMigrate(new MigrateCommand());

        var statement = Assert.Single(Assert.Single(plan.Steps).Statements);
        Assert.Equal((true, 3L), (statement.RebuildsTable, statement.Rows));
        Assert.DoesNotContain(plan.Findings, f => f.IsError);
        Assert.Equal(0, plan.ValuesLost);
        Assert.Single(Engine(catalog: catalog).Migrate(new MigrateCommand { Etag = plan.Etag }).Applied);
    }

    [Fact]
    public void PlanMigrate_rebuild_of_a_large_table_must_be_allowed()
    {
        File.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
        var engine = new MigrationEngine(
            new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = "Data Source=" + File.Path }, TimeProvider.System), Catalog("-- threatlens: rebuild-table\nCREATE TABLE t (id INTEGER PRIMARY KEY, more TEXT);"), TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<MigrationEngine>.Instance, Microsoft.Extensions.Options.Options.Create(new MigrationOptions { LargeTableRows = 3 }));

        Expect.Refusal(ThreatLens.Maintenance.Errors.ErrorReasons.LintFailed, () => engine.Migrate(new MigrateCommand()));

        Assert.Single(engine.Migrate(new MigrateCommand { Allow = [LintRules.RebuildOfLargeTable] }).Applied);
    }

    [Fact]
    public void PlanMigrate_script_without_a_transaction_runs_on_nothing_but_memory()
    {
        File.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
        var other = Folder.File("other.db");

        var plan = Engine(catalog: Catalog($"-- threatlens: no-transaction\nATTACH '{other}' AS side;\nCREATE TABLE side.s (a);\nINSERT INTO side.s VALUES (1);\nDETACH side;\nVACUUM;")).PlanMigrate(new MigrateCommand());

        Assert.Empty(plan.Findings);
        Assert.Equal(5, Assert.Single(plan.Steps).Statements.Count);
        Assert.False(System.IO.File.Exists(other));
    }

    [Fact]
    public void Migrate_script_without_a_transaction_that_deletes_is_refused_before_it_begins()
    {
        File.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
        var engine = Engine(catalog: Catalog("-- threatlens: no-transaction\nDELETE FROM t;\nVACUUM;"));

        Expect.Refusal(ThreatLens.Maintenance.Errors.ErrorReasons.LintFailed, () => engine.Migrate(new MigrateCommand()));

        Assert.Equal(1L, File.Scalar("SELECT count(*) FROM t"));
        Assert.Null(engine.GetStatus().Unfinished);
    }

    private static MigrationCatalog Catalog(string up) => new([MigrationCatalogTests.Create("001_change", up)]);
}
