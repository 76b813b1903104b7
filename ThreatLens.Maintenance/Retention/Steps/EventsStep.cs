using System.Text;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>Events past their cutoff, each with its analyses and notifications in one transaction.</summary>
internal sealed class EventsStep : CleanupStep
{
    private const int MinLook = 1_000;

    /// <summary>Events that are looked ahead for where a table of theirs has to be read as a whole.</summary>
    private const int SliceRows = 250_000;

    private readonly RowScan _scan;
    private readonly EventChildren? _analyses;
    private readonly EventChildren? _notifications;
    private readonly Cutoff _cutoff;
    private readonly string _upper;
    private readonly bool _needsSlices;
    private readonly HashSet<int> _slice = [];
    private BoundStatement? _delete;
    private RowPosition _position = RowPosition.Start;
    private RowPosition _next;
    private bool _begun;
    private Found _found = new();

    /// <param name="reader">Where to look.</param>
    /// <param name="cutoff">What goes.</param>
    /// <param name="notificationsCutoff">Notifications past this go before, by their own policy.</param>
    public EventsStep(SqliteConnection reader, Cutoff cutoff, Cutoff notificationsCutoff)
        : base(RetentionTable.Events)
    {
        _cutoff = cutoff;
        _upper = RowScan.UpperText(cutoff.Ticks);
        _scan = Own(new RowScan(reader, Table, "id", "source"));
        if (EventLookup.HasTable(reader, RetentionTable.Analyses.Name))
            _analyses = Own(new EventChildren(reader, RetentionTable.Analyses, Cutoff.Never));
        if (EventLookup.HasTable(reader, RetentionTable.Notifications.Name))
            _notifications = Own(new EventChildren(reader, RetentionTable.Notifications, notificationsCutoff));
        _needsSlices = _analyses is { NeedsPreparation: true } || _notifications is { NeedsPreparation: true };
    }

    /// <summary>Ids of events that stay because something of theirs is pinned, as far as they were met.</summary>
    public HashSet<string> PinnedByTheirs { get; } = [];

    public override Found Find(int rows, HoldSet holds)
    {
        _found = new Found { Unreadable = _begun ? 0 : _scan.CountOutside() };
        _next = _position;
        var limit = Math.Max(rows, MinLook);
        var (read, stopped) = (0, false);
        _scan.Begin(_position, _upper, limit);
        while (_found.Rows.Count < rows && !stopped && _scan.Next())
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
        Prepare();
        return Find(rows, holds);
    }

    public override Deleted? Delete(SqliteConnection writer)
    {
        var delete = Prepared(ref _delete, writer, "DELETE FROM events WHERE rowid = ?1 AND id = ?2 AND timestamp = ?3");
        var (deleted, children) = (0L, default(ChildCounts));
        foreach (var row in _found.Rows)
        {
            delete.Bind(1, row.RowId);
            delete.Bind(2, row.Id);
            delete.Bind(3, row.Guard);
            if (delete.Run() == 0)
                continue;
            deleted++;
            children += new ChildCounts(_analyses?.Delete(writer, row.Id) ?? 0, _notifications?.Delete(writer, row.Id) ?? 0);
        }

        return new Deleted(deleted, children);
    }

    public override void Advance() => (_position, _begun) = (_next, true);

    /// <returns>False when what belongs to the event is not known yet.</returns>
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
        if (_needsSlices && !_slice.Contains(EventChildren.Hash(id)))
            return false;
        if (IsHeld(id, ticks, holds, out var children))
        {
            _found.Held++;
            return true;
        }

        _found.Children += children;
        _found.Rows.Add(new GoingRow(_scan.RowId, Encoding.UTF8.GetString(_scan.TimeBytes), ticks, id));
        return true;
    }

    private bool IsHeld(string id, long ticks, HoldSet holds, out ChildCounts children)
    {
        children = default;
        if (!holds.IsEmpty && (holds.PinsTime(ticks) || holds.PinsEvent(id) || holds.PinsSource(_scan.Text(3))))
            return true;
        var (analyses, analysisPinned) = _analyses?.Look(id, holds) ?? default;
        var (notifications, notificationPinned) = _notifications?.Look(id, holds) ?? default;
        children = new ChildCounts(analyses, notifications);
        if (!analysisPinned && !notificationPinned)
            return false;
        PinnedByTheirs.Add(id);
        return true;
    }

    /// <summary>Looks ahead which events come next, and reads for all of them what belongs to them.</summary>
    private void Prepare()
    {
        _slice.Clear();
        _scan.Begin(_position, _upper, SliceRows);
        while (_scan.Next())
        {
            if (_scan.TryReadTime(out var ticks) && _cutoff.IsPast(ticks, _scan.RowId))
                _slice.Add(EventChildren.Hash(_scan.Text(2)));
        }

        foreach (var children in (EventChildren?[])[_analyses, _notifications])
        {
            if (children is { NeedsPreparation: true })
                children.Prepare(_slice);
        }
    }
}
