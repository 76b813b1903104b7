using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using SQLitePCL;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>
/// Rows per table. Others insert and delete too, so the only true count is a count: in a small file it is made with the report, in any other in the
/// background, each table in a snapshot of its own.
/// </summary>
internal sealed class TableRows(SqliteDatabase database, IOptions<HealthOptions> options, TimeProvider time) : BackgroundSample<IReadOnlyList<TableCount>>(database, time)
{
    // Counting that much takes less than a millisecond.
    private const long SmallFileBytes = 2 * 1024 * 1024;

    private readonly SqliteDatabase _database = database;
    private readonly TimeProvider _time = time;

    public override TimeSpan Interval => options.Value.MaxCountAge;

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
        return [.. names.SelectMany(name => SqliteSession.Read(_database, Doing, session => Count(session, [name]), cancellationToken))];
    }

    private static List<string> Names(SqliteSession session) =>
        session.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", row => row.GetString(0));

    private List<TableCount> Count(SqliteSession session, List<string> names)
    {
        var counts = new List<TableCount>(names.Count);
        foreach (var name in names)
        {
            var at = _time.GetUtcNow();
            // A table that was dropped since its name was read has no rows to tell of.
            if (session.HasTable(name))
                counts.Add(new TableCount(name, Count(session, name), at));
        }

        return counts;
    }

    private static long? Count(SqliteSession session, string name)
    {
        try
        {
            return session.Query($"SELECT count(*) FROM {DatabaseContent.Quote(name)}", row => row.GetInt64(0))[0];
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
/// <param name="Rows">How many; null: it is damaged.</param>
/// <param name="At">As of when, UTC.</param>
internal sealed record TableCount(string Table, long? Rows, DateTimeOffset At);
