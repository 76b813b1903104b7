using System.Globalization;
using ThreatLens.Testing.Sqlite;

namespace ThreatLens.Maintenance.Grpc.Tests.Retention;

/// <summary>
/// A row of processing_metrics whose deletion takes longer than any test: a cleanup comes that far, and only the end of its process ends it. So it is always
/// interrupted in the middle.
/// </summary>
internal sealed class EndlessRow : IDisposable
{
    private readonly SqliteFile _database;

    private EndlessRow(SqliteFile database) => _database = database;

    /// <summary>Makes one of the rows there are such a row.</summary>
    /// <param name="database">The database.</param>
    /// <param name="after">How many rows that nothing pins are older.</param>
    public static EndlessRow Plant(SqliteFile database, int after)
    {
        var row = database.Scalar(string.Create(CultureInfo.InvariantCulture, $"SELECT id FROM processing_metrics WHERE source_name <> 's4' ORDER BY timestamp, id LIMIT 1 OFFSET {after}"));
        database.Execute(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            CREATE TRIGGER test_endless BEFORE DELETE ON processing_metrics WHEN old.id = {row} BEGIN
                SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) SELECT i FROM n);
            END
            """));
        return new EndlessRow(database);
    }

    public void Dispose() => _database.Execute("PRAGMA busy_timeout = 60000; DROP TRIGGER test_endless");
}
