using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Planning;

public sealed class RollbackLossTests : PlanTestBase
{
    [Theory]
    [InlineData("ALTER TABLE t DROP COLUMN a;", "t.a 2/0")]
    [InlineData("ALTER TABLE t DROP COLUMN a; ALTER TABLE t DROP COLUMN c;", "t.a 2/0", "t.c 2/0")]
    [InlineData("DROP TABLE t;", "t.id 3/3", "t.a 2/3", "t.b 3/3", "t.c 2/3")]
    [InlineData("DROP TABLE t; DROP TABLE other;", "other.id 2/2", "other.n 2/2", "t.id 3/3", "t.a 2/3", "t.b 3/3", "t.c 2/3")]
    [InlineData("DELETE FROM t WHERE b = 1;", "t.id 2/2", "t.a 1/2", "t.b 2/2", "t.c 1/2")]
    [InlineData("DELETE FROM t WHERE b = 1; ALTER TABLE t DROP COLUMN c;", "t.c 2/0", "t.id 2/2", "t.a 1/2", "t.b 2/2")]
    [InlineData("DELETE FROM t; DROP TABLE t;", "t.id 3/3", "t.a 2/3", "t.b 3/3", "t.c 2/3")]
    [InlineData("DELETE FROM other WHERE id IN (SELECT id FROM t WHERE b = 0); DELETE FROM t;", "other.id 1/1", "other.n 1/1", "t.id 3/3", "t.a 2/3", "t.b 3/3", "t.c 2/3")]
    [InlineData("UPDATE t SET a = 'x';", "t.a 1/0")]
    [InlineData("UPDATE t SET a = NULL, c = 'new' WHERE b = 1;", "t.a 1/0", "t.c 1/0")]
    [InlineData("UPDATE t SET a = 'x'; ALTER TABLE t DROP COLUMN a;", "t.a 2/0")]
    [InlineData("CREATE TABLE n (id INTEGER PRIMARY KEY, b INTEGER, c TEXT); INSERT INTO n SELECT id, b, c FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;", "t.a 2/0")]
    [InlineData("ALTER TABLE t RENAME TO o; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER); INSERT INTO t (id, a, b) SELECT id, a, b FROM o WHERE b = 1; DROP TABLE o;", "t.id 1/1", "t.a 1/1", "t.b 1/1", "t.c 2/0")]
    [InlineData("DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT);", "t.id 3/3", "t.a 2/3", "t.b 3/3", "t.c 2/3")]
    [InlineData("ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE t RENAME TO u;")]
    [InlineData("DROP INDEX IF EXISTS i; DROP VIEW IF EXISTS v;")]
    [InlineData("CREATE TABLE x AS SELECT * FROM t; DROP TABLE x;")]
    [InlineData("DELETE FROM other WHERE n = 99; INSERT INTO other VALUES (7, 7);")]
    public void Rollback_loss_is_counted_by_table_and_column_and_confirmed_by_its_number(string down, params string[] losses)
    {
        Base();
        var engine = With("SELECT 1;", down);
        engine.Migrate(new MigrateCommand());
        var before = File.Snapshot();

        var plan = engine.PlanRollback(new RollbackCommand());
        Assert.Equal(losses.Order(StringComparer.Ordinal), Losses(plan).Order(StringComparer.Ordinal));
        Assert.False(plan.MayLoseMore);
        if (plan.ValuesLost > 0)
        {
            foreach (var bound in (long?[])[null, plan.ValuesLost - 1])
            {
                var error = Expect.Refusal(ErrorReasons.ValuesWouldBeLost, () => engine.Rollback(new RollbackCommand { MaxValuesLost = bound, BeforeChange = () => throw new InvalidOperationException("No backup is due.") }));
                Assert.Equal((plan.ValuesLost.ToString(System.Globalization.CultureInfo.InvariantCulture), "max_values_lost"), (error.Metadata["valuesLost"], error.Field));
            }

            Assert.Equal(before, File.Snapshot());
        }

        var result = engine.Rollback(new RollbackCommand { MaxValuesLost = plan.ValuesLost });

        Assert.Equal((plan.ValuesLost, "001_base"), (result.ValuesLost, result.To?.Id));
    }

    [Fact]
    public void Rollback_of_several_versions_counts_each_value_once()
    {
        Engine().Migrate(new MigrateCommand());
        File.Execute("INSERT INTO events (id, raw_log_id, timestamp, source, message, category) VALUES ('e1', 'r', 't', 's', 'm', 'c')");
        File.Execute("INSERT INTO processing_metrics (source_name, metric_type, metric_value) VALUES ('s', 't', '1'), ('s', 't', '2')");

        var plan = Engine().PlanRollback(new RollbackCommand { ToVersion = "000" });
        var error = Expect.Refusal(ErrorReasons.ValuesWouldBeLost, () => Engine().Rollback(new RollbackCommand { ToVersion = "000" }));

        // Two flags with their default; five columns of two metrics.
        Assert.Equal((12, 3), (plan.ValuesLost, plan.Steps.Count));
        Assert.Contains("events.realtime_processed: 1 value;", error.Message, StringComparison.Ordinal);
        Assert.Contains("processing_metrics: 2 rows, 10 values", error.Message, StringComparison.Ordinal);
        Assert.Equal(12, Engine().Rollback(new RollbackCommand { ToVersion = "000", MaxValuesLost = 12 }).ValuesLost);
    }

    [Fact]
    public void Rollback_values_that_come_between_the_look_and_the_transaction_are_not_lost()
    {
        Base();
        var engine = With("SELECT 1;", "DROP TABLE other;");
        engine.Migrate(new MigrateCommand());

        var error = Expect.Refusal(ErrorReasons.ValuesWouldBeLost, () => engine.Rollback(new RollbackCommand
        {
            MaxValuesLost = 4,
            BeforeChange = () =>
            {
                File.Execute("INSERT INTO other VALUES (3, NULL)");
                return "backup";
            },
        }));

        Assert.Equal("5", error.Metadata["valuesLost"]);
        Assert.Equal(3L, File.Scalar("SELECT count(*) FROM other"));
    }

    [Fact]
    public void Rollback_whose_loss_cannot_be_told_says_so_in_its_plan()
    {
        Base();
        var engine = With("SELECT 1;", "INSERT OR REPLACE INTO t (id) SELECT 1; DELETE FROM t WHERE a IS NULL;");
        engine.Migrate(new MigrateCommand());

        Assert.True(engine.PlanRollback(new RollbackCommand()).MayLoseMore);
    }

    [Fact]
    public void Rollback_lint_tells_of_lost_data_and_stops_for_other_rules()
    {
        Base();
        var engine = With("SELECT 1;", "DROP TABLE other;\nPRAGMA user_version = 3;");
        engine.Migrate(new MigrateCommand());

        var plan = engine.PlanRollback(new RollbackCommand());
        var error = Expect.Refusal(ErrorReasons.LintFailed, () => engine.Rollback(new RollbackCommand { MaxValuesLost = 4 }));

        Assert.Equal([("drop-table-with-data", false), ("pragma", true)], plan.Findings.Select(f => (f.Rule, f.IsError)));
        Assert.Equal("002_next.down.sql", error.Metadata["script"]);
        Assert.Equal(4, engine.Rollback(new RollbackCommand { MaxValuesLost = 4, Allow = ["pragma"] }).ValuesLost);
    }

    [Fact]
    public void Rollback_negative_bound_names_the_field()
    {
        Base();

        Expect.BadField("max_values_lost", () => With([]).Rollback(new RollbackCommand { MaxValuesLost = -1 }));
    }

    [Fact]
    public void Plan_of_what_Rollback_refuses_is_refused_alike()
    {
        Engine().Migrate(new MigrateCommand());
        File.Execute("INSERT INTO raw_logs (id, content, source) VALUES ('r1', 'x', 's')");

        Expect.Refusal(ErrorReasons.LaterVersionsApplied, () => Engine().PlanRollback(new RollbackCommand { Version = "001" }));
        Expect.BadField("steps", () => Engine().PlanRollback(new RollbackCommand { Steps = 9 }));
        Assert.Equal("1", Expect.Refusal(ErrorReasons.RollbackRefused, () => Engine().PlanRollback(new RollbackCommand { Steps = 4 })).Metadata["raw_logs"]);
        Assert.Empty(Engine().PlanRollback(new RollbackCommand { ToVersion = "003" }).Steps);
    }
}
