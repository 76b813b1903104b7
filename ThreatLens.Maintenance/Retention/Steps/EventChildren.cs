using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>
/// The rows of one table that belong to events. Where an index has their event they are looked up; where none has (ai_analysis) the table is read once
/// for many events at a time, never once for each. Not thread-safe.
/// </summary>
internal sealed class EventChildren : IDisposable
{
    private readonly RetentionTable _table;
    private readonly BoundStatement? _lookup;
    private readonly BoundStatement? _all;
    private readonly Cutoff _alreadyGoing;
    private BoundStatement? _delete;
    private ILookup<int, Child> _known = Array.Empty<Child>().ToLookup(c => c.Hash);

    /// <param name="reader">Where to look.</param>
    /// <param name="table">The table, which is there.</param>
    /// <param name="alreadyGoing">Rows that go by a policy of their own, and are counted there.</param>
    public EventChildren(SqliteConnection reader, RetentionTable table, Cutoff alreadyGoing)
    {
        (_table, _alreadyGoing) = (table, alreadyGoing);
        if (RowScan.FindIndex(reader, table.Name, "event_id") is { } index)
            _lookup = new BoundStatement(reader, $"SELECT rowid, {table.TimeColumn} FROM {table.Name} INDEXED BY {RowScan.Quoted(index)} WHERE event_id = ?1");
        else
            _all = new BoundStatement(reader, $"SELECT rowid, {table.TimeColumn}, event_id FROM {table.Name}");
    }

    /// <summary>Whether <see cref="Prepare"/> has to tell first which events will be asked about.</summary>
    public bool NeedsPreparation => _all is not null;

    public void Prepare(HashSet<int> eventHashes)
    {
        var found = new List<Child>();
        while (_all!.Step())
        {
            var hash = Hash(_all.Text(2));
            if (eventHashes.Contains(hash))
                found.Add(new Child(hash, _all.Int64(0), Time(_all)));
        }

        _known = found.ToLookup(c => c.Hash);
    }

    /// <summary>Of a text that is compared again where it matters; two that differ may have the same.</summary>
    public static int Hash(string id) => id.GetHashCode(StringComparison.Ordinal);

    /// <summary>Counts an event's rows, without those that go anyway, and tells whether one of them is pinned.</summary>
    public (long Count, bool IsPinned) Look(string eventId, HoldSet holds)
    {
        var (count, pinned) = (0L, false);
        foreach (var (_, rowId, ticks) in Of(eventId))
        {
            pinned |= holds.PinsTime(ticks);
            if (ticks is not { } at || !_alreadyGoing.IsPast(at, rowId))
                count++;
        }

        return (count, pinned);
    }

    /// <summary>Deletes an event's rows.</summary>
    /// <returns>How many there were.</returns>
    public long Delete(SqliteConnection writer, string eventId)
    {
        if (_lookup is not null)
        {
            _delete ??= new BoundStatement(writer, $"DELETE FROM {_table.Name} WHERE event_id = ?1");
            _delete.Bind(1, eventId);
            return _delete.Run();
        }

        _delete ??= new BoundStatement(writer, $"DELETE FROM {_table.Name} WHERE rowid = ?1 AND event_id = ?2");
        var deleted = 0L;
        foreach (var child in _known[Hash(eventId)])
        {
            _delete.Bind(1, child.RowId);
            _delete.Bind(2, eventId);
            deleted += _delete.Run();
        }

        return deleted;
    }

    public void Dispose()
    {
        _lookup?.Dispose();
        _all?.Dispose();
        _delete?.Dispose();
    }

    private IEnumerable<Child> Of(string eventId)
    {
        if (_lookup is null)
            return _known[Hash(eventId)];
        var found = new List<Child>();
        _lookup.Bind(1, eventId);
        while (_lookup.Step())
            found.Add(new Child(0, _lookup.Int64(0), Time(_lookup)));
        return found;
    }

    private static long? Time(BoundStatement row) => row.IsText(1) && TimestampBytes.TryRead(row.Utf8(1), out var ticks) ? ticks : null;

    private readonly record struct Child(int Hash, long RowId, long? Ticks);
}
