using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Benchmarks.Retention;

/// <summary>A database at the latest version with metrics of sixty days, made once and copied for every run; kept for later goes when a path is given.</summary>
internal sealed class RetentionDatabase : IDisposable
{
    private const int Piece = 250_000;

    private const string Rollups =
        """
        INSERT INTO maintenance_metric_rollups(minute, source_name, metric_type, samples, non_numeric, total, least, largest, last, last_at, last_id)
        SELECT at / 60, source_name, metric_type, count(*), 0, sum(value), min(value), max(value), value, at * 1000000 + 123456, max(id)
        FROM (SELECT id, source_name, metric_type, CAST(json_extract(metric_value, '$.value') AS REAL) AS value, CAST(strftime('%s', substr(timestamp, 1, 19)) AS INTEGER) AS at FROM processing_metrics)
        GROUP BY at / 60, source_name, metric_type ORDER BY 1, 2, 3;
        UPDATE maintenance_rollup_pending SET first_id = (SELECT max(id) + 1 FROM processing_metrics)
        """;
    private readonly string _folder = Directory.CreateTempSubdirectory("threatlens-retention-").FullName;
    private readonly string _template;
    private int _copies;

    private RetentionDatabase(string? kept) => _template = kept ?? Path.Combine(_folder, "template.db");

    /// <param name="rows">Rows of processing_metrics.</param>
    /// <param name="kept">Where the template stays, and is found if it is there; null: it goes with the rest. One of another day has other ages.</param>
    public static RetentionDatabase Create(int rows, string? kept)
    {
        var made = new RetentionDatabase(kept);
        if (!File.Exists(made._template))
            made.Fill(rows);
        return made;
    }

    private void Fill(int rows)
    {
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={_template}", Synchronous = SqliteSynchronous.Normal }, TimeProvider.System);
        var engine = new MigrationEngine(database, MigrationCatalog.LoadEmbedded("Sqlite"), TimeProvider.System, NullLogger<MigrationEngine>.Instance);
        engine.Migrate(new MigrateCommand());
        new ServiceSchema(database, engine, TimeProvider.System).Ensure(mayCreateDatabase: false, CancellationToken.None);
        using var connection = database.OpenWriter();
        // The older half from sixty to thirty-one days, the other from twenty-nine days on.
        for (var at = 0; at < rows; at += Piece)
            Insert(connection, at, Math.Min(Piece, rows - at), rows);
        // As the writer would have left it, minute after minute; else the cleanup would sum all of it up first.
        Run(connection, Rollups);
        Run(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// <summary>A file to work on; it goes with the next one.</summary>
    public string Copy()
    {
        var path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{++_copies}.db"));
        foreach (var old in Directory.EnumerateFiles(_folder).Where(f => !f.StartsWith(_template, StringComparison.Ordinal)))
            File.Delete(old);
        File.Copy(_template, path);
        // Or the first commit of the run would wait until the whole copy is on disk.
        using var copied = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        copied.Flush(flushToDisk: true);
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Insert(SqliteConnection connection, int from, int count, int rows) => Run(connection, string.Create(CultureInfo.InvariantCulture,
        $$"""
        WITH RECURSIVE n(i) AS (SELECT {{from}} UNION ALL SELECT i + 1 FROM n WHERE i < {{from + count - 1}})
        INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp)
        SELECT 'source-' || (i % 20), 'type-' || (i % 5), '{"value": ' || (i % 1000) || '}',
            strftime('%Y-%m-%d %H:%M:%S', 'now', '-' || CASE WHEN i < {{rows / 2}} THEN 5184000 - i * 2505600.0 / {{rows / 2}} ELSE 2505600 - (i - {{rows / 2}}) * 2505600.0 / {{rows / 2}} END || ' seconds') || '.123456'
        FROM n
        """));

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        command.ExecuteNonQuery();
    }
}
