using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>
/// Rows of processing_metrics or notification_history that are past their cutoff. Where the index gives an order and every row of a piece goes, which
/// is the rule, the piece is deleted as a range, provided that the range still has exactly as many rows; else row by row.
/// </summary>
internal sealed class OldRowsStep : CleanupStep
{
    /// <summary>Rows that one look passes at least, old or not.</summary>
    private const int MinLook = 1_000;

    private readonly SqliteConnection _reader;
    private readonly RowScan _scan;
    private readonly string _holderColumn;
    private readonly EventLookup? _events;
    private readonly Cutoff _cutoff;
    private readonly string _upper;
    private RowScan? _scanWithHolder;
    private BoundStatement? _lookup;
    private BoundStatement? _delete;
    private BoundStatement? _deleteRange;
    private RowPosition _position = RowPosition.Start;
    private RowPosition _next;
    private bool _rangeHasChanged;
    private long? _outside;
    private Found _found = new();

    /// <param name="reader">Where to look.</param>
    /// <param name="table">What to look at.</param>
    /// <param name="cutoff">What goes.</param>
    /// <param name="belongsToEvents">Whether rows have an event whose hold pins them too.</param>
    public OldRowsStep(SqliteConnection reader, RetentionTable table, Cutoff cutoff, bool belongsToEvents)
        : base(table)
    {
        (_reader, _cutoff, _upper) = (reader, cutoff, RowScan.UpperText(cutoff.Ticks));
        // Without holds the index alone tells everything.
        _scan = Own(new RowScan(reader, table));
        _holderColumn = belongsToEvents ? "event_id" : table.SourceColumn!;
        _events = belongsToEvents ? Own(new EventLookup(reader)) : null;
    }

    public override Found Find(int rows, HoldSet holds)
    {
        var scan = holds.IsEmpty ? _scan : _scanWithHolder ??= Own(new RowScan(_reader, Table, _holderColumn));
        _found = new Found { Unreadable = _outside is null ? scan.CountOutside() : 0 };
        _next = _position;
        var limit = Math.Max(rows, MinLook);
        var read = 0;
        scan.Begin(_position, _upper, limit);
        while (_found.Rows.Count < rows && scan.Next())
        {
            read++;
            var rowId = scan.RowId;
            if (!scan.TryReadTime(out var ticks))
                _found.Unreadable++;
            else if (_cutoff.IsPast(ticks, rowId))
                Take(scan, rowId, ticks, holds);
            if (read == limit || _found.Rows.Count == rows)
                _next = scan.Position;
        }

        scan.End();
        _found.IsLast = read < limit && _found.Rows.Count < rows;
        _found.IsRange = scan.IsInOrder && !_rangeHasChanged && read == rows && _found.Rows.Count == rows;
        return _found;
    }

    public override Deleted? Delete(SqliteConnection writer) => _found.IsRange ? DeleteRange(writer) : DeleteRows(writer);

    public override void Advance() => (_position, _outside, _rangeHasChanged) = (_next, 0, false);

    private Deleted? DeleteRange(SqliteConnection writer)
    {
        var (table, time) = (Table.Name, Table.TimeColumn);
        var delete = Prepared(
            ref _deleteRange, writer,
            $"DELETE FROM {table} INDEXED BY {RowScan.Quoted(_scan.Index!)} WHERE {time} >= ?1 AND {time} <= ?2 AND ({time} > ?1 OR rowid > ?3) AND ({time} < ?2 OR rowid <= ?4)");
        delete.Bind(1, _position.TimeText);
        delete.Bind(2, _next.TimeText);
        delete.Bind(3, _position.RowId);
        delete.Bind(4, _next.RowId);
        var deleted = delete.Run();
        // Somebody added a row in between, or took one out: the transaction is undone, and the rows are looked at one by one.
        _rangeHasChanged = deleted != _found.Rows.Count;
        return _rangeHasChanged ? null : new Deleted(deleted, default);
    }

    private Deleted DeleteRows(SqliteConnection writer)
    {
        var lookup = Prepared(ref _lookup, writer, $"SELECT {Table.TimeColumn} FROM {Table.Name} WHERE rowid = ?1");
        var delete = Prepared(ref _delete, writer, $"DELETE FROM {Table.Name} WHERE rowid = ?1");
        // In the order in which the table has them.
        _found.Rows.Sort(static (one, other) => one.RowId.CompareTo(other.RowId));
        var deleted = 0L;
        foreach (var row in _found.Rows)
        {
            lookup.Bind(1, row.RowId);
            var isStillIt = lookup.Step() && lookup.IsText(0) && TimestampBytes.TryRead(lookup.Utf8(0), out var ticks) && ticks == row.Ticks;
            lookup.Reset();
            if (!isStillIt)
                continue;
            delete.Bind(1, row.RowId);
            deleted += delete.Run();
        }

        return new Deleted(deleted, default);
    }

    private void Take(RowScan scan, long rowId, long ticks, HoldSet holds)
    {
        if (!holds.IsEmpty && IsHeld(scan, ticks, holds))
            _found.Held++;
        else
            _found.Rows.Add(new GoingRow(rowId, "", ticks, ""));
    }

    private bool IsHeld(RowScan scan, long ticks, HoldSet holds) => holds.PinsTime(ticks)
        || (_events is null ? holds.HasSources && holds.PinsSource(scan.Text(2)) : _events.IsPinned(scan.Text(2), holds));
}
