using System.Text;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>
/// Raw logs past their cutoff that no event refers to. No index has what events refer to, so all events are read once for many raw logs; events that
/// come meanwhile are looked at within the transaction.
/// </summary>
internal sealed class RawLogsStep : CleanupStep
{
    private const int MinLook = 1_000;
    private const int SliceRows = 250_000;

    private readonly SqliteConnection _reader;
    private readonly RowScan _scan;
    private readonly Cutoff _cutoff;
    private readonly string _upper;
    private readonly EventGoes? _eventGoes;
    private readonly HashSet<int> _slice = [];
    private readonly HashSet<int> _referred = [];
    private (long RowId, string Id) _newestEvent;
    private BoundStatement? _delete;
    private RowPosition _position = RowPosition.Start;
    private RowPosition _next;
    private bool _begun;
    private Found _found = new();

    /// <param name="reader">Where to look; the table of events is there.</param>
    /// <param name="cutoff">What goes.</param>
    /// <param name="eventGoes">For a plan: which events will be gone by then; null: those that are there stay.</param>
    public RawLogsStep(SqliteConnection reader, Cutoff cutoff, EventGoes? eventGoes)
        : base(RetentionTable.RawLogs)
    {
        (_reader, _cutoff, _eventGoes) = (reader, cutoff, eventGoes);
        _upper = RowScan.UpperText(cutoff.Ticks);
        _scan = Own(new RowScan(reader, Table, "id", "source"));
    }

    /// <summary>Whether an event goes in the same cleanup.</summary>
    public delegate bool EventGoes(long? ticks, long rowId, string id, string source, HoldSet holds);

    public override Found Find(int rows, HoldSet holds)
    {
        _found = new Found { Unreadable = _begun ? 0 : _scan.CountOutside() };
        _next = _position;
        var limit = Math.Max(rows, MinLook);
        var (read, stopped) = (0, false);
        _scan.Begin(_position, _upper, limit);
        while (_found.Rows.Count < rows && _scan.Next())
        {
            stopped = !Look(holds);
            if (stopped)
                break;
            read++;
            _next = _scan.Position;
        }

        _scan.End();
        _found.IsLast = read < limit && _found.Rows.Count < rows && !stopped;
        if (!stopped || read > 0)
            return _found;
        Prepare(holds);
        return Find(rows, holds);
    }

    public override Deleted? Delete(SqliteConnection writer)
    {
        // Row ids are given out in order while the newest event is the one it was: what is behind it has come since.
        if (writer.Scalar("SELECT id FROM events WHERE rowid = $row", ("$row", _newestEvent.RowId)) as string != NullIfNone(_newestEvent.Id))
        {
            _slice.Clear();
            return null;
        }

        var since = writer.Texts("SELECT raw_log_id FROM events WHERE rowid > $row", ("$row", _newestEvent.RowId)).ToHashSet(StringComparer.Ordinal);
        var delete = Prepared(ref _delete, writer, "DELETE FROM raw_logs WHERE rowid = ?1 AND id = ?2");
        var deleted = 0L;
        foreach (var row in _found.Rows.Where(r => !since.Contains(r.Id)))
        {
            delete.Bind(1, row.RowId);
            delete.Bind(2, row.Id);
            deleted += delete.Run();
        }

        return new Deleted(deleted, default);
    }

    public override void Advance() => (_position, _begun) = (_next, true);

    private static string? NullIfNone(string id) => id.Length == 0 ? null : id;

    /// <returns>False when it is not known yet whether something refers to the row.</returns>
    private bool Look(HoldSet holds)
    {
        if (!_scan.TryReadTime(out var ticks))
        {
            _found.Unreadable++;
            return true;
        }

        if (!_cutoff.IsPast(ticks, _scan.RowId))
            return true;
        var id = _scan.Text(2);
        var hash = EventChildren.Hash(id);
        if (!_slice.Contains(hash))
            return false;
        if (_referred.Contains(hash))
            return true;
        if (!holds.IsEmpty && (holds.PinsTime(ticks) || holds.PinsSource(_scan.Text(3))))
            _found.Held++;
        else
            _found.Rows.Add(new GoingRow(_scan.RowId, Encoding.UTF8.GetString(_scan.TimeBytes), ticks, id));
        return true;
    }

    private void Prepare(HoldSet holds)
    {
        _slice.Clear();
        _referred.Clear();
        _scan.Begin(_position, _upper, SliceRows);
        while (_scan.Next())
        {
            if (_scan.TryReadTime(out var ticks) && _cutoff.IsPast(ticks, _scan.RowId))
                _slice.Add(EventChildren.Hash(_scan.Text(2)));
        }

        // Before what they refer to is read: an event that comes in between is read twice, not missed.
        using var newest = new BoundStatement(_reader, "SELECT rowid, id FROM events ORDER BY rowid DESC LIMIT 1");
        _newestEvent = newest.Step() ? (newest.Int64(0), newest.Text(1)) : (long.MinValue, "");
        newest.Reset();
        using var events = new BoundStatement(_reader, "SELECT rowid, timestamp, id, source, raw_log_id FROM events");
        while (events.Step())
        {
            var hash = EventChildren.Hash(events.Text(4));
            if (_slice.Contains(hash) && !Goes(events, holds))
                _referred.Add(hash);
        }
    }

    private bool Goes(BoundStatement row, HoldSet holds) => _eventGoes is not null
        && _eventGoes(row.IsText(1) && TimestampBytes.TryRead(row.Utf8(1), out var ticks) ? ticks : null, row.Int64(0), row.Text(2), row.Text(3), holds);
}
