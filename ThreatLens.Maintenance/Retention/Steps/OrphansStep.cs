using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>Rows of ai_analysis or notification_history whose event is gone, whatever their age: nothing leads to them any more.</summary>
internal sealed class OrphansStep : CleanupStep
{
    private const int MinLook = 5_000;

    private readonly BoundStatement _rows;
    private readonly BoundStatement _bounds;
    private readonly Cutoff _alreadyGoing;
    private BoundStatement? _delete;
    private long _position = long.MinValue;
    private long _next;
    private Found _found = new();

    /// <param name="reader">Where to look; both tables are there.</param>
    /// <param name="table">ai_analysis or notification_history.</param>
    /// <param name="alreadyGoing">Rows past this are left to the table's own policy, and counted there.</param>
    public OrphansStep(SqliteConnection reader, RetentionTable table, Cutoff alreadyGoing)
        : base(table)
    {
        _alreadyGoing = alreadyGoing;
        _rows = Own(new BoundStatement(
            reader,
            $"SELECT c.r, c.t, c.event_id, c.id FROM (SELECT rowid AS r, {table.TimeColumn} AS t, event_id, id FROM {table.Name} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2) c "
            + "WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = c.event_id) ORDER BY c.r"));
        _bounds = Own(new BoundStatement(reader, $"SELECT count(*), max(r) FROM (SELECT rowid AS r FROM {table.Name} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2)"));
    }

    public override bool FindsOrphans => true;

    public override Found Find(int rows, HoldSet holds)
    {
        _found = new Found();
        var limit = Math.Max(rows, MinLook);
        _bounds.Bind(1, _position);
        _bounds.Bind(2, limit);
        _bounds.Step();
        var (read, last) = (_bounds.Int64(0), _bounds.Int64(1));
        _bounds.Reset();
        _next = read == 0 ? _position : last;
        _rows.Bind(1, _position);
        _rows.Bind(2, limit);
        while (_found.Rows.Count < rows && _rows.Step())
        {
            Take(holds);
            if (_found.Rows.Count == rows)
                _next = _rows.Int64(0);
        }

        _rows.Reset();
        _found.IsLast = read < limit && _found.Rows.Count < rows;
        return _found;
    }

    public override Deleted? Delete(SqliteConnection writer)
    {
        var delete = Prepared(
            ref _delete, writer, $"DELETE FROM {Table.Name} WHERE rowid = ?1 AND event_id = ?2 AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = ?2)");
        var deleted = 0L;
        foreach (var row in _found.Rows)
        {
            delete.Bind(1, row.RowId);
            delete.Bind(2, row.Guard);
            deleted += delete.Run();
        }

        return new Deleted(deleted, default);
    }

    public override void Advance() => _position = _next;

    private void Take(HoldSet holds)
    {
        var rowId = _rows.Int64(0);
        long? time = _rows.IsText(1) && TimestampBytes.TryRead(_rows.Utf8(1), out var ticks) ? ticks : null;
        if (time is { } at && _alreadyGoing.IsPast(at, rowId))
            return;
        var eventId = _rows.Text(2);
        if (holds.PinsTime(time) || holds.PinsEvent(eventId))
            _found.Held++;
        else
            _found.Rows.Add(new GoingRow(rowId, eventId, time, _rows.Text(3)));
    }
}
