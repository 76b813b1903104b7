using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Planning;

public sealed class EtagTests : PlanTestBase
{
    private const string Up = "CREATE TABLE next (id INTEGER);";
    private const string Down = "DROP TABLE next;";

    [Fact]
    public void Migrate_with_the_etag_of_its_plan_runs_though_rows_have_changed()
    {
        Base();
        var etag = With(Up).PlanMigrate(new MigrateCommand { TargetVersion = "2" }).Etag;
        File.Execute("INSERT INTO t (a) VALUES ('new')");

        Assert.Single(With(Up).Migrate(new MigrateCommand { TargetVersion = "002_next", Etag = etag }).Applied);
    }

    public static TheoryData<string, string, Func<string, MigrateCommand>> Changes => new()
    {
        { "another schema", "CREATE TABLE mine (id INTEGER)", etag => new MigrateCommand { Etag = etag } },
        { "another history", "UPDATE schema_migrations SET checksum = NULL", etag => new MigrateCommand { Etag = etag } },
        { "a foreign version", "INSERT INTO schema_migrations (version, description) VALUES ('004_add_auth_audit_tables', '')", etag => new MigrateCommand { Etag = etag } },
        { "another target", "", etag => new MigrateCommand { Etag = etag, TargetVersion = "002" } },
        { "another order", "", etag => new MigrateCommand { Etag = etag, Order = MigrationOrder.Allow } },
        { "another permission", "", etag => new MigrateCommand { Etag = etag, Allow = ["pragma"] } },
        { "another etag", "", etag => new MigrateCommand { Etag = "0" + etag[1..] + "1" } },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Migrate_whose_plan_no_longer_holds_is_aborted(string what, string sql, Func<string, MigrateCommand> command)
    {
        Base();
        var etag = With(Up).PlanMigrate(new MigrateCommand()).Etag;
        File.Execute(sql);
        var before = File.Snapshot();

        var error = Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => With(Up).Migrate(command(etag)));
        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => With(Up).PlanMigrate(command(etag)));

        Assert.Equal("etag", error.Field);
        Assert.True(before == File.Snapshot(), what);
    }

    [Fact]
    public void Migrate_with_another_script_is_aborted_and_with_a_reformatted_one_runs()
    {
        Base();
        var etag = With(Up).PlanMigrate(new MigrateCommand()).Etag;

        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => With(Up + " SELECT 1;").Migrate(new MigrateCommand { Etag = etag }));

        Assert.Single(With("-- a remark\n" + Up).Migrate(new MigrateCommand { Etag = etag }).Applied);
        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => With(Up).Migrate(new MigrateCommand { Etag = etag }));
    }

    [Fact]
    public void Migrate_change_between_the_look_and_the_transaction_is_aborted()
    {
        Base();
        var etag = With(Up).PlanMigrate(new MigrateCommand()).Etag;

        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => With(Up).Migrate(new MigrateCommand
        {
            Etag = etag,
            BeforeChange = () =>
            {
                File.Execute("CREATE INDEX mine ON t (a)");
                return null;
            },
        }));

        Assert.DoesNotContain("next", File.Tables());
    }

    [Fact]
    public void Migrate_of_several_versions_checks_the_etag_before_the_first_only()
    {
        Base();
        var engine = With([MigrationCatalogTests.Create("002_a", Up), MigrationCatalogTests.Create("003_b", "CREATE TABLE b (id INTEGER);")]);

        var result = engine.Migrate(new MigrateCommand { Etag = engine.PlanMigrate(new MigrateCommand()).Etag });

        Assert.Equal(2, result.Applied.Count);
    }

    [Fact]
    public void Rollback_with_the_etag_of_its_plan_runs_and_else_is_aborted()
    {
        Base();
        With(Up, Down).Migrate(new MigrateCommand());
        var etag = With(Up, Down).PlanRollback(new RollbackCommand { Version = "002" }).Etag;

        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => With(Up, Down).Rollback(new RollbackCommand { Etag = etag }));
        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => With(Up, Down + " SELECT 1;").Rollback(new RollbackCommand { Version = "002", Etag = etag }));
        Assert.Single(With(Up, Down).Rollback(new RollbackCommand { Version = "2", Etag = etag, MaxValuesLost = 0 }).RolledBack);

        // Somebody else was faster: the plan does not hold any more, whatever else is wrong by now.
        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => With(Up, Down).Rollback(new RollbackCommand { Version = "002", Etag = etag }));
    }

    [Fact]
    public void Etags_of_different_plans_differ()
    {
        Base();
        var engine = With(Up, Down);
        engine.Migrate(new MigrateCommand());

        string[] etags =
        [
            engine.PlanMigrate(new MigrateCommand()).Etag, engine.PlanRollback(new RollbackCommand()).Etag, engine.PlanRollback(new RollbackCommand { Steps = 2 }).Etag,
            engine.PlanRollback(new RollbackCommand { Version = "002" }).Etag, engine.PlanRollback(new RollbackCommand { ToVersion = "001" }).Etag,
            engine.PlanRollback(new RollbackCommand { Version = "002", Cascade = true }).Etag,
        ];

        Assert.Equal(etags.Length, etags.Distinct().Count());
    }
}
