using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Planning;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Planning;

/// <summary>Scripts put together by chance: what a plan says of them is what then happens.</summary>
public sealed class RandomScriptTests : PlanTestBase
{
    private const int ScriptsARound = 12;
    private const int StatementsAScript = 7;
    private const int RemovalsAScript = 4;

    private static readonly string[] Statements =
    [
        "DELETE FROM t WHERE b = 1;", "DELETE FROM t WHERE a IS NULL OR id > 2;", "DELETE FROM other WHERE id IN (SELECT id FROM t WHERE b = 0);", "DELETE FROM other;",
        "INSERT INTO t (a, b) VALUES ('new', 1), (NULL, 0);", "INSERT INTO other SELECT id + 100, b FROM t;", "INSERT OR IGNORE INTO other SELECT id, b FROM t;", "INSERT INTO other (n) SELECT 7 FROM t;",
        "UPDATE t SET a = 'u' WHERE c IS NULL;", "UPDATE t SET b = b + 1, c = NULL;", "UPDATE other SET n = n + 1 WHERE n IN (SELECT max(n) FROM other);",
        "ALTER TABLE t ADD COLUMN d INTEGER DEFAULT 5;", "ALTER TABLE t ADD COLUMN e TEXT;", "ALTER TABLE t DROP COLUMN c;", "ALTER TABLE t DROP COLUMN a;",
        "CREATE INDEX i1 ON t (b) WHERE b = 1;", "CREATE INDEX i2 ON t (id, b);", "CREATE INDEX i3 ON other (n) WHERE n > 10;", "CREATE TABLE k AS SELECT * FROM t WHERE b >= 1;",
        "DROP TABLE other;", "DROP TABLE IF EXISTS k;", "ALTER TABLE other RENAME TO renamed;", "DELETE FROM renamed WHERE n > 10;", "ALTER TABLE t RENAME COLUMN b TO b2;",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, b INTEGER); INSERT INTO n SELECT id, b FROM t WHERE b = 1; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "CREATE INDEX i4 ON t (d) WHERE d = 5;", "DELETE FROM t WHERE d = 5 AND id = 1;", "WITH x AS (SELECT min(id) AS m FROM t) DELETE FROM t WHERE id = (SELECT m FROM x);",
    ];

    /// <summary>Those of which each value that is gone afterwards was lost: none adds or replaces any.</summary>
    private static readonly string[] Removals =
    [
        "DELETE FROM t WHERE b = 1;", "DELETE FROM t WHERE a IS NULL OR id > 2;", "DELETE FROM other WHERE id IN (SELECT id FROM t WHERE b = 0);", "ALTER TABLE t DROP COLUMN c;",
        "ALTER TABLE t DROP COLUMN a;", "DROP TABLE IF EXISTS renamed;", "ALTER TABLE other RENAME TO renamed;", "CREATE INDEX IF NOT EXISTS i ON t (id);",
        "DELETE FROM t;", "CREATE TABLE n (id INTEGER PRIMARY KEY, b INTEGER); INSERT INTO n SELECT id, b FROM t WHERE b = 1; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "ALTER TABLE t RENAME TO old; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT); INSERT INTO t SELECT * FROM old; DROP TABLE old;",
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Rounds.Count)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Plan_rows_are_those_of_the_run(int seed)
    {
        Base();
        var random = new Random(seed);
        var (compared, untold) = (0, 0);
        for (var i = 0; i < ScriptsARound; i++)
        {
            var script = string.Join('\n', Enumerable.Range(0, StatementsAScript).Select(_ => Statements[random.Next(Statements.Length)]));
            var planned = With(script).PlanMigrate(new MigrateCommand()).Steps.Single().Statements;
            using var connection = File.Open();
            using var transaction = connection.BeginTransaction();
            foreach (var statement in planned)
            {
                if (Run(connection, transaction, statement.Sql) is not { } touched)
                    break;
                Assert.True(statement.Rows is null || statement.Rows == touched, $"seed {seed}, script {i}: planned {statement.Rows}, touched {touched}: {statement.Sql}\nin\n{script}");
                (compared, untold) = statement.Rows is null ? (compared, untold + 1) : (compared + 1, untold);
            }
        }

        // Saying nothing must stay the exception, even among statements that lean on each other as no sane script's do.
        Assert.True(compared > untold, $"{compared} told, {untold} not");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Plan_loss_is_what_is_gone_after_the_run(int seed)
    {
        Base();
        With("SELECT 1;").Migrate(new MigrateCommand());
        var random = new Random(1000 + seed);
        var compared = 0;
        for (var i = 0; i < ScriptsARound; i++)
        {
            var script = string.Join('\n', Enumerable.Range(0, RemovalsAScript).Select(_ => Removals[random.Next(Removals.Length)]));
            var plan = With("SELECT 1;", script).PlanRollback(new RollbackCommand());
            using var connection = File.Open();
            using var transaction = connection.BeginTransaction();
            var before = Values(connection, transaction);
            if (plan.Findings.Any(f => f.Rule == "does-not-run"))
            {
                Assert.Contains(plan.Steps.Single().Statements, s => Run(connection, transaction, s.Sql) is null);
                continue;
            }

            Assert.All(plan.Steps.Single().Statements, s => Assert.NotNull(Run(connection, transaction, s.Sql)));
            var gone = before - Values(connection, transaction);
            Assert.True(
                plan.ValuesLost == gone || (plan.MayLoseMore && plan.ValuesLost < gone), $"seed {seed}, script {i}: planned {plan.ValuesLost} (more: {plan.MayLoseMore}), gone {gone}:\n{script}\n{string.Join('\n', plan.Losses)}");
            compared++;
        }

        Assert.True(compared > 0);
    }

    /// <summary>The rows that a statement touches; null when it fails.</summary>
    private static long? Run(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        var shape = StatementShape.Of(sql);
        try
        {
            var before = shape.Action switch
            {
                StatementAction.CreateIndex => (long)Scalar(connection, transaction, $"SELECT count(*) FROM {shape.Table} WHERE {shape.Where ?? "1"}")!,
                StatementAction.DropColumn => (long)Scalar(connection, transaction, $"SELECT count(*) FROM {shape.Table}")!,
                StatementAction.DropTable when Scalar(connection, transaction, $"SELECT 1 FROM sqlite_master WHERE name = '{shape.Table}'") is not null => (long)Scalar(connection, transaction, $"SELECT count(*) FROM {shape.Table}")!,
                _ => 0L,
            };
            using var command = new SqliteCommand(sql, connection, transaction);
            var changed = command.ExecuteNonQuery();
            return shape.Action switch
            {
                StatementAction.Insert or StatementAction.Update or StatementAction.Delete => changed,
                StatementAction.CreateTable when shape.Query is not null => (long)Scalar(connection, transaction, $"SELECT count(*) FROM {shape.Table}")!,
                _ => before,
            };
        }
        catch (SqliteException)
        {
            return null;
        }
    }

    private static object? Scalar(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        using var command = new SqliteCommand(sql, connection, transaction);
        return command.ExecuteScalar();
    }

    /// <summary>The non-null cells of all tables but the history.</summary>
    private static long Values(SqliteConnection connection, SqliteTransaction transaction)
    {
        var counts = (string)Scalar(
            connection, transaction,
            """
            SELECT group_concat('(SELECT count("' || c.name || '") FROM "' || m.name || '")', ' + ')
            FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT IN ('schema_migrations', 'sqlite_sequence')
            """)!;
        return (long)Scalar(connection, transaction, $"SELECT {counts}")!;
    }
}
