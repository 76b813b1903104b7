using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>A row that goes.</summary>
/// <param name="RowId">Its row id; 0 where the table has none.</param>
/// <param name="Guard">What the row must still have when it is deleted, as stored; empty: its time.</param>
/// <param name="Ticks">Its time, ticks UTC; null: none that can be read.</param>
/// <param name="Id">What people call it.</param>
internal readonly record struct GoingRow(long RowId, string Guard, long? Ticks, string Id);

/// <summary>What one look at a table found.</summary>
internal sealed class Found
{
    public List<GoingRow> Rows { get; } = [];

    /// <summary>Rows of other tables that go with them, as far as the look could tell.</summary>
    public ChildCounts Children { get; set; }

    /// <summary>Rows that are old and pinned.</summary>
    public long Held { get; set; }

    /// <summary>Rows without a readable time.</summary>
    public long Unreadable { get; set; }

    /// <summary>Whether the rows are all there are from one end of the piece to the other.</summary>
    public bool IsRange { get; set; }

    /// <summary>Whether there is nothing behind it.</summary>
    public bool IsLast { get; set; }
}

/// <summary>Rows that belong to events.</summary>
internal readonly record struct ChildCounts(long Analyses, long Notifications)
{
    public static ChildCounts operator +(ChildCounts one, ChildCounts other) => new(one.Analyses + other.Analyses, one.Notifications + other.Notifications);
}

/// <summary>What one transaction deleted.</summary>
internal readonly record struct Deleted(long Rows, ChildCounts Children);

/// <summary>
/// Deletes what goes of one table, piece by piece. <see cref="Find"/> looks over a reading connection, while writers go on; <see cref="Delete"/>
/// deletes what was found within a transaction, each row only if it is still the one that was found; <see cref="Advance"/> moves on. A plan does all of it
/// but the second. Not thread-safe.
/// </summary>
internal abstract class CleanupStep(RetentionTable table) : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public RetentionTable Table { get; } = table;

    /// <summary>Whether the rows it finds are those whose event is gone.</summary>
    public virtual bool FindsOrphans => false;

    /// <summary>Looks at the next piece. Called again without <see cref="Advance"/> it looks at the same piece anew.</summary>
    /// <param name="rows">Most rows to find.</param>
    /// <param name="holds">What is pinned.</param>
    public abstract Found Find(int rows, HoldSet holds);

    /// <summary>Deletes what was found last, within the connection's transaction.</summary>
    /// <returns>What was deleted; null: something changed, and it has to be looked for anew.</returns>
    public abstract Deleted? Delete(SqliteConnection writer);

    /// <summary>Goes on behind what was found last.</summary>
    public abstract void Advance();

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
    }

    protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>A statement over the writing connection, prepared at its first use.</summary>
    protected BoundStatement Prepared(ref BoundStatement? statement, SqliteConnection writer, string sql) => statement ??= Own(new BoundStatement(writer, sql));
}
