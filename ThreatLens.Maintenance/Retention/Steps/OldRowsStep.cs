using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>Rows of processing_metrics or notification_history that are past their cutoff.</summary>
internal sealed class OldRowsStep : CleanupStep
{
    /// <summary>Rows that one look passes at least, old or not.</summary>
    private const int MinLook = 1_000;

    private readonly RowScan _scan;
    private readonly EventLookup? _events;
    private readonly Cutoff _cutoff;
    private readonly string _upper;
    private BoundStatement? _delete;
    private RowPosition _position = RowPosition.Start;
    private RowPosition _next;
    private long? _outside;
    private Found _found = new();

    /// <param name="reader">Where to look.</param>
    /// <param name="table">What to look at.</param>
    /// <param name="cutoff">What goes.</param>
    /// <param name="belongsToEvents">Whether rows have an event whose hold pins them too.</param>
    public OldRowsStep(SqliteConnection reader, RetentionTable table, Cutoff cutoff, bool belongsToEvents)
        : base(table)
    {
        _cutoff = cutoff;
        // A row of exactly the moment may go too.
        _upper = RowScan.UpperText(cutoff.Ticks);
        _scan = Own(belongsToEvents ? new RowScan(reader, table, "event_id") : new RowScan(reader, table, table.SourceColumn!));
        _events = belongsToEvents ? Own(new EventLookup(reader)) : null;
    }

    public override Found Find(int rows, HoldSet holds)
    {
        _found = new Found { Unreadable = _outside is null ? _scan.CountOutside() : 0 };
        _next = _position;
        var limit = Math.Max(rows, MinLook);
        var read = 0;
        _scan.Begin(_position, _upper, limit);
        while (_found.Rows.Count < rows && _scan.Next())
        {
            read++;
            if (!_scan.TryReadTime(out var ticks))
                _found.Unreadable++;
            else if (_cutoff.IsPast(ticks, _scan.RowId))
                Take(ticks, holds);
            if (read == limit || _found.Rows.Count == rows)
                _next = _scan.Position;
        }

        _scan.End();
        _found.IsLast = read < limit && _found.Rows.Count < rows;
        return _found;
    }

    public override Deleted? Delete(SqliteConnection writer)
    {
        var delete = Prepared(ref _delete, writer, $"DELETE FROM {Table.Name} WHERE rowid = ?1 AND {Table.TimeColumn} = ?2");
        // In the order in which the table has them.
        _found.Rows.Sort(static (one, other) => one.RowId.CompareTo(other.RowId));
        var deleted = 0L;
        foreach (var row in _found.Rows)
        {
            delete.Bind(1, row.RowId);
            delete.Bind(2, row.Guard);
            deleted += delete.Run();
        }

        return new Deleted(deleted, default);
    }

    public override void Advance() => (_position, _outside) = (_next, 0);

    private void Take(long ticks, HoldSet holds)
    {
        if (!holds.IsEmpty && IsHeld(ticks, holds))
            _found.Held++;
        else
            _found.Rows.Add(new GoingRow(_scan.RowId, System.Text.Encoding.UTF8.GetString(_scan.TimeBytes), ticks, ""));
    }

    private bool IsHeld(long ticks, HoldSet holds) => holds.PinsTime(ticks)
        || (_events is null ? holds.HasSources && holds.PinsSource(_scan.Text(2)) : _events.IsPinned(_scan.Text(2), holds));
}
