using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Benchmarks.Health;

/// <summary>
/// A database at the latest version with metrics of thirty days, a week of their sums, and events of ninety days. Made once and kept: with twenty million
/// rows that takes minutes, and goes on where it stopped. Indexes are made at the end.
/// </summary>
internal sealed class HealthDatabase(string path, long metrics, long events)
{
    private const long Piece = 500_000;
    private const string Laid = "benchmark_indexes";

    public string Path { get; } = path;

    public long Metrics => metrics;

    public long Events => events;

    public bool IsMade => File.Exists(Path) && !File.Exists(Path + ".making");

    /// <summary>Makes what is not there yet.</summary>
    public void Make()
    {
        if (IsMade)
            return;
        File.WriteAllText(Path + ".making", "");
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={Path}", Synchronous = SqliteSynchronous.Normal }, TimeProvider.System);
        var engine = new MigrationEngine(database, MigrationCatalog.LoadEmbedded("Sqlite"), TimeProvider.System, NullLogger<MigrationEngine>.Instance);
        engine.Migrate(new MigrateCommand());
        new ServiceSchema(database, engine, TimeProvider.System).Ensure(mayCreateDatabase: false, CancellationToken.None);
        using (var connection = database.OpenWriter())
        {
            Run(connection, "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA temp_store = FILE");
            LayIndexesAside(connection);
            Fill(connection, "processing_metrics", metrics, InsertMetrics);
            Fill(connection, "events", events, InsertEvents);
            if (Number(connection, "SELECT count(*) FROM maintenance_metric_rollups") == 0)
                Run(connection, Rollups);
            RestoreIndexes(connection);
            Run(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        }

        SqliteConnection.ClearAllPools();
        File.Delete(Path + ".making");
    }

    private static void LayIndexesAside(SqliteConnection connection)
    {
        Run(connection, $"CREATE TABLE IF NOT EXISTS {Laid} AS SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('processing_metrics', 'events')");
        foreach (var name in Texts(connection, $"SELECT name FROM {Laid} WHERE name IN (SELECT name FROM sqlite_master) AND NOT EXISTS (SELECT 1 FROM events)"))
            Run(connection, $"DROP INDEX {name}");
    }

    private static void RestoreIndexes(SqliteConnection connection)
    {
        foreach (var sql in Texts(connection, $"SELECT sql FROM {Laid} WHERE name NOT IN (SELECT name FROM sqlite_master)"))
        {
            Console.WriteLine(sql);
            Run(connection, sql);
        }

        Run(connection, $"DROP TABLE {Laid}");
    }

    private static void Fill(SqliteConnection connection, string table, long rows, Func<long, long, long, string> insert)
    {
        for (var at = Number(connection, $"SELECT coalesce(max(rowid), 0) FROM {table}"); at < rows; at += Piece)
            Run(connection, insert(at, Math.Min(Piece, rows - at), rows));
        Console.WriteLine($"{table}: {rows}");
    }

    private static string InsertMetrics(long from, long count, long rows) => string.Create(CultureInfo.InvariantCulture,
        $$"""
        WITH RECURSIVE n(i) AS (SELECT {{from}} UNION ALL SELECT i + 1 FROM n WHERE i < {{from + count - 1}})
        INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp)
        SELECT 'source-' || (i % 20), 'type-' || (i % 5), '{"value": ' || (i % 1000) || '}',
            datetime('now', '-' || CAST(2592000 - i * 2592000.0 / {{rows}} AS INTEGER) || ' seconds') || '.123456' FROM n
        """);

    private static string InsertEvents(long from, long count, long rows) => string.Create(CultureInfo.InvariantCulture,
        $"""
        WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {from + count - 1})
        INSERT INTO events(id, raw_log_id, timestamp, source, message, category, processing_time, realtime_processed, notification_sent)
        SELECT printf('e%012d', i), 'raw', datetime('now', '-' || CAST(7776000 - i * 7776000.0 / {rows} AS INTEGER) || ' seconds') || '.654321', 'sshd', 'Failed password', 'auth',
            '0.' || (i % 900), 1, CASE i % 10000 WHEN 0 THEN 0 ELSE 1 END FROM n
        """);

    // All that is there is summed up, as far as the ledger tells; of the sums a week is enough for whoever reads them.
    private const string Rollups =
        """
        WITH RECURSIVE m(i) AS (SELECT unixepoch() / 60 - 10080 UNION ALL SELECT i + 1 FROM m WHERE i < unixepoch() / 60),
            s(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM s WHERE j < 99)
        INSERT INTO maintenance_metric_rollups(minute, source_name, metric_type, samples, non_numeric, total, least, largest, last, last_at, last_id)
            SELECT i, 'source-' || (j % 20), 'type-' || (j / 20), 5, 0, 100.0, 1.0, 50.0, 20.0, i * 60000000, 1 FROM m, s;
        DELETE FROM maintenance_rollup_pending;
        INSERT INTO maintenance_rollup_pending(first_id, last_id) VALUES ((SELECT max(id) + 1 FROM processing_metrics), 9223372036854775807);
        """;

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static List<string> Texts(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var texts = new List<string>();
        while (rows.Read())
            texts.Add(rows.GetString(0));
        return texts;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        command.ExecuteNonQuery();
    }
}
