using ThreatLens.Testing.Sqlite;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

/// <summary>
/// Makes one migration take long, within its transaction: a trigger on the history table that counts. SQLite waits for nothing but locks,
/// so that work is the only thing that keeps a migration running while it holds the write lock.
/// </summary>
internal sealed class SlowStep : IDisposable
{
    /// <summary>Steps of counting that take seconds, on any machine: longer than a call or two.</summary>
    public const int Seconds = 30;

    /// <summary>Steps of counting that take longer than several calls, one after the other.</summary>
    public const int Long = 90;

    /// <summary>Steps of counting that outlast the test; only the end of the process ends them.</summary>
    public const int Endless = 1_000_000;

    private readonly SqliteFile _database;

    private SlowStep(SqliteFile database) => _database = database;

    /// <summary>Plants it; the history table must exist.</summary>
    /// <param name="database">The database.</param>
    /// <param name="version">The migration to slow down, on its way up and down.</param>
    /// <param name="millions">How many million steps it takes.</param>
    public static SlowStep Plant(SqliteFile database, string version, int millions = Seconds)
    {
        // Named like the service's own tables: rows of the product's would make every change take a backup first.
        database.Execute(
            $"""
            CREATE TABLE maintenance_test_numbers(i INTEGER);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO maintenance_test_numbers SELECT i FROM n;
            CREATE TRIGGER test_slow_up BEFORE INSERT ON schema_migrations WHEN new.version = '{version}' BEGIN
                SELECT sum(a.i * b.i) FROM maintenance_test_numbers d CROSS JOIN maintenance_test_numbers c CROSS JOIN maintenance_test_numbers a CROSS JOIN maintenance_test_numbers b WHERE (d.i - 1) * 1000 + c.i <= {millions};
            END;
            CREATE TRIGGER test_slow_down BEFORE DELETE ON schema_migrations WHEN old.version = '{version}' BEGIN
                SELECT sum(a.i * b.i) FROM maintenance_test_numbers d CROSS JOIN maintenance_test_numbers c CROSS JOIN maintenance_test_numbers a CROSS JOIN maintenance_test_numbers b WHERE (d.i - 1) * 1000 + c.i <= {millions};
            END;
            """);
        return new SlowStep(database);
    }

    public void Dispose() => _database.Execute("PRAGMA busy_timeout = 60000; DROP TRIGGER test_slow_up; DROP TRIGGER test_slow_down; DROP TABLE maintenance_test_numbers;");
}
