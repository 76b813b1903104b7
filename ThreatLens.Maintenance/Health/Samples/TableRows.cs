using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using SQLitePCL;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>
/// Rows per table. Others insert and delete too, so the only true count is a count: in a small file it is made with the report, in any other in the
/// background, each table in a snapshot of its own. Of what is too large to be counted in a moment the pages are: an estimate with its bound, which neither
/// holds a snapshot nor the disk for minutes.
/// </summary>
internal sealed class TableRows(SqliteDatabase database, StatisticsSamples sizes, IOptions<HealthOptions> options, TimeProvider time) : BackgroundSample<IReadOnlyList<TableCount>>(database, time)
{
    // Counting that much takes less than a millisecond.
    private const long SmallFileBytes = 2 * 1024 * 1024;

    /// <summary>Larger tables are estimated: more rows, or more bytes, would take seconds to count.</summary>
    internal const long MostCountedRows = 1_000_000;
    internal const long MostCountedBytes = 256L << 20;

    // Until the first sizes are known.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    private readonly SqliteDatabase _database = database;
    private readonly TimeProvider _time = time;

    public override TimeSpan Interval => Last is { } last && last.Value.Any(c => c.IsLeftOut) && options.Value.MaxCountAge > Soon ? Soon : options.Value.MaxCountAge;

    /// <summary>The counts; null while a file that is not small has not been counted yet.</summary>
    public (IReadOnlyList<TableCount> Rows, bool IsOfNow)? Get(SqliteSession session)
    {
        var bytes = session.Query("PRAGMA page_count", row => row.GetInt64(0))[0] * session.Query("PRAGMA page_size", row => row.GetInt64(0))[0];
        return bytes <= SmallFileBytes ? (Count(session, Names(session)), true) : Last is { } last ? (last.Value, false) : null;
    }

    protected override IReadOnlyList<TableCount> Look(DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One snapshot for all would keep the write-ahead log from beginning anew while the largest are counted.
        const string Doing = "counting rows";
        var names = SqliteSession.Read(_database, Doing, Names, cancellationToken);
        var known = sizes.Size?.Size;
        var tables = known?.Objects.Where(o => o.Type == "table").ToDictionary(o => o.Name, StringComparer.Ordinal);
        return [.. names.SelectMany(name => tables?.GetValueOrDefault(name) is { } size && (size.Rows > MostCountedRows || size.Bytes > MostCountedBytes)
            ? [new TableCount(name, size.Rows, known!.MeasuredAt) { IsEstimate = true, ErrorBound = size.RowsError, Took = sizes.Size?.Cost ?? TimeSpan.Zero }]
            : SqliteSession.Read(_database, Doing, session => Count(session, [name], MostCountedRows), cancellationToken))];
    }

    private static List<string> Names(SqliteSession session) =>
        session.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", row => row.GetString(0));

    /// <param name="session">Where.</param>
    /// <param name="names">Which tables.</param>
    /// <param name="most">Tables with more rows are left out; null: none is.</param>
    private List<TableCount> Count(SqliteSession session, List<string> names, long? most = null)
    {
        var counts = new List<TableCount>(names.Count);
        foreach (var name in names)
        {
            var at = _time.GetUtcNow();
            // A table that was dropped since its name was read has no rows to tell of.
            if (!session.HasTable(name))
                continue;
            var rows = Count(session, name, most);
            counts.Add(rows > most ? new TableCount(name, null, at) { IsLeftOut = true } : new TableCount(name, rows, at));
        }

        return counts;
    }

    private static long? Count(SqliteSession session, string name, long? most)
    {
        try
        {
            var sql = most is null ? $"SELECT count(*) FROM {DatabaseContent.Quote(name)}" : $"SELECT count(*) FROM (SELECT 1 FROM {DatabaseContent.Quote(name)} LIMIT {most + 1})";
            return session.Query(sql, row => row.GetInt64(0))[0];
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_CORRUPT)
        {
            // What is damaged takes no other table with it; the integrity check tells of it.
            return null;
        }
    }
}

/// <summary>Rows of a table.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Rows">How many; null: it is damaged, or left out.</param>
/// <param name="At">As of when, UTC.</param>
internal sealed record TableCount(string Table, long? Rows, DateTimeOffset At)
{
    /// <summary>Whether it was estimated from a sample of the table's pages.</summary>
    public bool IsEstimate { get; init; }

    /// <summary>Largest relative error of an estimate, 0 to 1.</summary>
    public double ErrorBound { get; init; }

    /// <summary>How long looking at the pages took, of an estimate.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>It is too large to be counted, and its pages have not been looked at yet.</summary>
    public bool IsLeftOut { get; init; }
}
