using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Planning;

public sealed class PlanMigrateTests : PlanTestBase
{
    [Fact]
    public void Plan_without_a_file_has_everything_and_creates_nothing()
    {
        var plan = Engine().PlanMigrate(new MigrateCommand());

        Assert.Equal(Product.Migrations.Select(m => (m.Version.Id, m.Checksum)), plan.Steps.Select(s => (s.Version.Id, s.Checksum)));
        Assert.Equal((null, "003_optimize_realtime_indexes"), (plan.From?.Id, plan.To?.Id));
        Assert.Equal(["CREATE TABLE IF NOT EXISTS raw_logs (", "CREATE TABLE IF NOT EXISTS monitoring_config ("], plan.Steps.Take(2).Select(s => s.Statements[0].Sql.Split('\n')[0].Trim()));
        Assert.Equal([4, 3, 5, 3], plan.Steps.Select(s => s.Statements[0].Line));
        Assert.All(plan.Steps.SelectMany(s => s.Statements), s => Assert.Equal(0, s.Rows));
        Assert.Empty(plan.Findings);
        Assert.False(System.IO.File.Exists(File.Path));
    }

    [Fact]
    public void Plan_of_a_current_database_is_empty()
    {
        Engine().Migrate(new MigrateCommand());

        var plan = Engine().PlanMigrate(new MigrateCommand());

        Assert.Empty(plan.Steps);
        Assert.Equal(("003_optimize_realtime_indexes", "003_optimize_realtime_indexes"), (plan.From?.Id, plan.To?.Id));
        Assert.NotEmpty(plan.Etag);
    }

    [Fact]
    public void Plan_of_indexes_counts_the_rows_that_they_will_hold_also_over_columns_that_are_not_there_yet()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });
        File.Execute("INSERT INTO events (id, raw_log_id, timestamp, source, message, category) VALUES ('e1', 'r', 't', 's', 'm', 'c'), ('e2', 'r', 't', 's', 'm', 'c')");
        File.Execute("INSERT INTO log_sources (source_name, path, enabled) VALUES ('a', '/a', 1), ('b', '/b', 0), ('c', '/c', 1)");

        var plan = Engine().PlanMigrate(new MigrateCommand());

        long? Rows(string index) => plan.Steps.SelectMany(s => s.Statements).Single(s => s.Sql.Contains($" {index} ", StringComparison.Ordinal)).Rows;
        Assert.Equal((2, 0, 0), (Rows("idx_events_realtime_processed"), Rows("idx_events_severity_realtime"), Rows("idx_events_notification_queue")));
        Assert.Equal((3, 2), (Rows("idx_log_sources_enabled_status"), Rows("idx_log_sources_last_monitored")));
        Assert.All(plan.Steps[0].Statements.Where(s => s.Sql.StartsWith("ALTER", StringComparison.Ordinal)), s => Assert.Equal(0, s.Rows));
    }

    [Fact]
    public void Plan_says_which_statements_a_directive_leaves_out()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });
        File.Execute("ALTER TABLE events ADD COLUMN realtime_processed INTEGER");

        var step = Engine().PlanMigrate(new MigrateCommand { TargetVersion = "002" }).Steps.Single();

        Assert.Equal([false, true, false], step.Statements.Take(3).Select(s => s.IsSkipped));
        Assert.Equal(1, Engine().Migrate(new MigrateCommand { TargetVersion = "002" }).Applied[0].SkippedStatements);
    }

    [Theory]
    [InlineData("UPDATE t SET a = 'z' WHERE b = 1;", 2)]
    [InlineData("UPDATE t AS x SET a = 'z', b = b + 1 WHERE x.a IS NULL;", 1)]
    [InlineData("DELETE FROM t WHERE id IN (SELECT id FROM other WHERE n > 10);", 1)]
    [InlineData("DELETE FROM t;", 3)]
    [InlineData("INSERT INTO t (a) SELECT n FROM other;", 2)]
    [InlineData("INSERT INTO t (a) VALUES ('x'), (')('), ((1 + 2));", 3)]
    [InlineData("INSERT INTO t DEFAULT VALUES;", 1)]
    [InlineData("WITH big AS (SELECT n FROM other WHERE n > 10) INSERT INTO t (a) SELECT n FROM big;", 1)]
    [InlineData("WITH big(n) AS (VALUES (1), (2)) UPDATE t SET a = 'w' WHERE id IN (SELECT n FROM big);", 2)]
    [InlineData("REPLACE INTO t (id, a) VALUES (1, 'new');", null)]
    [InlineData("INSERT OR IGNORE INTO t (id) SELECT id FROM other;", null)]
    [InlineData("INSERT INTO t (id) SELECT id FROM other WHERE true ON CONFLICT DO NOTHING;", null)]
    [InlineData("UPDATE t SET a = o.n FROM other AS o WHERE o.id = t.id;", null)]
    [InlineData("CREATE TABLE copy AS SELECT * FROM t WHERE b = 1;", 2)]
    [InlineData("ALTER TABLE t DROP COLUMN c;", 3)]
    [InlineData("ALTER TABLE t RENAME COLUMN c TO d;", 0)]
    [InlineData("DROP TABLE other;", 2)]
    [InlineData("DROP TABLE IF EXISTS nowhere;", 0)]
    [InlineData("CREATE UNIQUE INDEX i ON t (a, c) WHERE c IS NOT NULL AND a > 'x';", 1)]
    public void Plan_counts_the_rows_of_a_statement(string sql, int? rows)
    {
        Base();

        Assert.Equal(rows, Assert.Single(With(sql).PlanMigrate(new MigrateCommand()).Steps).Statements[0].Rows);
    }

    [Theory]
    [InlineData("DELETE FROM t WHERE b = 0; CREATE INDEX i ON t (a);", 1, 2)]
    [InlineData("DELETE FROM t WHERE b = 0; DELETE FROM t WHERE id < 3; DROP TABLE t;", 1, 1, 1)]
    [InlineData("INSERT INTO t (a) SELECT n FROM other; CREATE INDEX i ON t (a); DROP TABLE t;", 2, 5, 5)]
    [InlineData("ALTER TABLE t RENAME TO u; CREATE INDEX i ON u (a) WHERE b = 1; DROP TABLE u;", 0, 2, 3)]
    [InlineData("ALTER TABLE t ADD COLUMN d TEXT DEFAULT 'q'; DELETE FROM t WHERE d = 'q' AND b = 1; DROP TABLE t;", 0, 2, 1)]
    [InlineData("CREATE TABLE new_t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO new_t SELECT id, a FROM t; DROP TABLE t; ALTER TABLE new_t RENAME TO t; CREATE INDEX i ON t (a);", 0, 3, 3, 0, 3)]
    [InlineData("UPDATE t SET b = NULL WHERE b = 1; DROP TABLE t;", 2, 3)]
    [InlineData("UPDATE t SET b = 5; DELETE FROM t WHERE b = 5;", 3, null)]
    [InlineData("DELETE FROM t WHERE id = 1; INSERT INTO other (n) SELECT 7 FROM t; CREATE TABLE k AS SELECT count(*) AS n FROM t WHERE 1 = 1;", 1, 2, 1)]
    [InlineData("DELETE FROM t WHERE id = 1; WITH t AS (SELECT 1 AS x) INSERT INTO other (n) SELECT 7 FROM t;", 1, null)]
    [InlineData("INSERT OR IGNORE INTO t (id) VALUES (1); DROP TABLE t;", null, null)]
    public void Plan_counts_through_earlier_statements_or_says_nothing(string sql, params int?[] rows)
    {
        Base();

        Assert.Equal(rows.Select(r => (long?)r), With(sql).PlanMigrate(new MigrateCommand()).Steps.Single().Statements.Select(s => s.Rows));
    }

    [Fact]
    public void Plan_counts_are_those_of_the_run()
    {
        const string Up =
            """
            -- threatlens: allow destructive
            DELETE FROM t WHERE b = 0;
            DELETE FROM other WHERE id IN (SELECT id FROM t);
            INSERT INTO other SELECT id + 10, b FROM t WHERE a IS NOT NULL;
            UPDATE t SET c = 'new' WHERE b = 1 AND a IS NULL;
            INSERT INTO other VALUES (90, 1), (91, 2);
            DELETE FROM other WHERE n = 1;
            DELETE FROM other;
            INSERT INTO other VALUES (1, 1);
            DELETE FROM other;
            """;
        Base();
        var planned = With(Up).PlanMigrate(new MigrateCommand()).Steps.Single().Statements;

        using var connection = File.Open();
        foreach (var statement in planned)
        {
            using var command = connection.CreateCommand();
            command.CommandText = statement.Sql;
            var changed = command.ExecuteNonQuery();
            Assert.True(statement.Rows is null || statement.Rows == changed, $"{statement.Sql}: planned {statement.Rows}, changed {changed}");
        }

        Assert.True(planned.Count(s => s.Rows is not null) >= 7);
    }

    [Theory]
    [InlineData("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) INSERT INTO t (a) SELECT i FROM n; DROP TABLE t;", 300_000, 300_003)]
    [InlineData("CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i, i AS j FROM n; CREATE INDEX k ON big (j);", 300_000, 300_000)]
    [InlineData("INSERT INTO t (id) VALUES (1); SELECT * FROM t;", 1, 0)]
    public void Plan_makes_up_no_rows_to_count_them(string sql, params int[] rows)
    {
        Base();

        var plan = With(sql).PlanMigrate(new MigrateCommand());

        Assert.Equal(rows.Select(r => (long?)r), plan.Steps.Single().Statements.Select(s => s.Rows));
        Assert.DoesNotContain(plan.Findings, f => f.Rule == "does-not-run");
    }

    [Fact]
    public void Plan_of_a_large_script_counts_its_rows()
    {
        Base();
        var values = string.Join(",\n", Enumerable.Repeat("('text; with (parentheses), and more of it')", 100_000));

        var statements = With($"INSERT INTO t (a) VALUES {values};\nCREATE INDEX k ON t (a);").PlanMigrate(new MigrateCommand()).Steps.Single().Statements;

        Assert.Equal([100_000L, null], statements.Select(s => s.Rows));
    }

    [Fact]
    public void Plan_of_rows_that_a_trigger_changes_says_nothing_of_them()
    {
        Base();
        File.Execute("CREATE TRIGGER clear AFTER DELETE ON t BEGIN DELETE FROM other; END");

        var statements = With("DELETE FROM t WHERE id = 1; DELETE FROM other;").PlanMigrate(new MigrateCommand()).Steps.Single().Statements;

        Assert.Equal([1L, null], statements.Select(s => s.Rows));
    }

    [Fact]
    public void Plan_takes_no_lock_and_waits_for_none()
    {
        Base();
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={File.Path}" }, TimeProvider.System);
        using var held = MaintenanceLock.TryAcquire(database.LockPath, new LockOwner("somebody"), TimeProvider.System);
        Assert.NotNull(held);
        using var writer = File.Open();
        using var transaction = writer.BeginTransaction(deferred: false);
        using var insert = new SqliteCommand("INSERT INTO t (a) VALUES ('uncommitted')", writer, transaction);
        insert.ExecuteNonQuery();

        var plan = With("DELETE FROM t;").PlanMigrate(new MigrateCommand());

        Assert.Equal(3, plan.Steps.Single().Statements.Single().Rows);
    }

    [Theory]
    [InlineData(LegacyKind.Clean)]
    [InlineData(LegacyKind.Drifted)]
    [InlineData(LegacyKind.PreRealtime)]
    public void Plan_of_an_adoption_lists_what_Migrate_then_does(LegacyKind kind)
    {
        LegacyDatabase.Build(kind, File.Path);
        var before = File.Snapshot();

        var plan = Engine().PlanMigrate(new MigrateCommand());
        Assert.Equal(before, File.Snapshot());
        var result = Engine().Migrate(new MigrateCommand());

        var (adopted, applied) = (plan.Steps.Where(s => s.IsAdoption).ToList(), plan.Steps.Where(s => !s.IsAdoption).ToList());
        Assert.Equal(kind == LegacyKind.PreRealtime ? 0 : 3, adopted.Count);
        Assert.Equal(result.Adopted.Select(a => (a.Version.Id, a.Statements)), adopted.Select(s => (s.Version.Id, s.Statements.Count)));
        Assert.Equal(result.Applied.Select(a => (a.Version.Id, a.Statements, a.SkippedStatements)), applied.Select(s => (
            s.Version.Id, s.Statements.Count(x => x is { IsSkipped: false, Line: > 0 }), s.Statements.Count(x => x.IsSkipped))));
        Assert.Equal(plan.Steps.Select(s => $"{s.Version.Id}|{s.Checksum}").Order(), File.Lines("SELECT version, checksum FROM schema_migrations WHERE checksum IS NOT NULL ORDER BY version"));
        Assert.Equal(plan.To, result.To);
        Assert.All(adopted.SelectMany(s => s.Statements), s => Assert.NotNull(s.Rows));
    }

    [Fact]
    public void Plan_of_an_adoption_counts_the_rows_of_the_indexes_that_are_missing()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);

        var plan = Engine().PlanMigrate(new MigrateCommand());

        var index = plan.Steps.SelectMany(s => s.Statements).Single(s => s.Sql.Contains("idx_events_severity_realtime", StringComparison.Ordinal));
        Assert.Equal(File.Scalar("SELECT count(*) FROM events WHERE realtime_processed = 1"), index.Rows);
        Assert.Equal(0, index.Line);
    }

    [Fact]
    public void Plan_of_what_Migrate_refuses_is_refused_alike()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "002" });

        Expect.BadField("target_version", () => Engine().PlanMigrate(new MigrateCommand { TargetVersion = "001" }));
        Expect.BadField("target_version", () => Engine().PlanMigrate(new MigrateCommand { TargetVersion = "077" }));
        File.Execute("UPDATE schema_migrations SET checksum = 'edited' WHERE version LIKE '001%'");
        Expect.Refusal(ErrorReasons.ChecksumMismatch, () => Engine().PlanMigrate(new MigrateCommand()));
    }

    [Fact]
    public void Plan_names_the_order_policy()
    {
        Base();
        var engine = With([MigrationCatalogTests.Create("000_late", "CREATE TABLE late (id INTEGER);")]);

        Expect.Refusal(ErrorReasons.VersionOutOfOrder, () => engine.PlanMigrate(new MigrateCommand()));
        var plan = engine.PlanMigrate(new MigrateCommand { Order = MigrationOrder.Allow });

        Assert.Equal((MigrationOrder.Allow, "000_late", "001_base"), (plan.Order, plan.Steps.Single().Version.Id, plan.To?.Id));
    }
}
