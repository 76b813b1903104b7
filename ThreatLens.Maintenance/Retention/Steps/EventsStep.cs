using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>Events past their cutoff, each with its analyses and notifications in one transaction.</summary>
internal sealed class EventsStep : LookAheadStep
{
    private readonly EventChildren? _analyses;
    private readonly EventChildren? _notifications;
    private BoundStatement? _delete;

    /// <param name="reader">Where to look.</param>
    /// <param name="cutoff">What goes.</param>
    /// <param name="notificationsCutoff">Notifications past this go before, by their own policy.</param>
    public EventsStep(SqliteConnection reader, Cutoff cutoff, Cutoff notificationsCutoff)
        : base(reader, RetentionTable.Events, cutoff)
    {
        if (EventLookup.HasTable(reader, RetentionTable.Analyses.Name))
            _analyses = Own(new EventChildren(reader, RetentionTable.Analyses, Cutoff.Never));
        if (EventLookup.HasTable(reader, RetentionTable.Notifications.Name))
            _notifications = Own(new EventChildren(reader, RetentionTable.Notifications, notificationsCutoff));
        LooksAhead = _analyses is { NeedsPreparation: true } || _notifications is { NeedsPreparation: true };
    }

    /// <summary>Ids of events that stay because something of theirs is pinned, as far as they were met.</summary>
    public HashSet<string> PinnedByTheirs { get; } = [];

    protected override bool LooksAhead { get; }

    public override Deleted? Delete(SqliteConnection writer)
    {
        var delete = Prepared(ref _delete, writer, "DELETE FROM events WHERE rowid = ?1 AND id = ?2 AND timestamp = ?3");
        var (deleted, children) = (0L, default(ChildCounts));
        foreach (var row in Found.Rows)
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

    protected override void Prepare(HoldSet holds)
    {
        foreach (var children in (EventChildren?[])[_analyses, _notifications])
        {
            if (children is { NeedsPreparation: true })
                children.Prepare(Slice);
        }
    }

    protected override void Decide(string id, long ticks, HoldSet holds)
    {
        if (IsHeld(id, ticks, holds, out var children))
        {
            Found.Held++;
            return;
        }

        Found.Children += children;
        Take(id, ticks);
    }

    private bool IsHeld(string id, long ticks, HoldSet holds, out ChildCounts children)
    {
        children = default;
        if (!holds.IsEmpty && (holds.PinsTime(ticks) || holds.PinsEvent(id) || holds.PinsSource(Scan.Text(3))))
            return true;
        var (analyses, analysisPinned) = _analyses?.Look(id, holds) ?? default;
        var (notifications, notificationPinned) = _notifications?.Look(id, holds) ?? default;
        children = new ChildCounts(analyses, notifications);
        if (!analysisPinned && !notificationPinned)
            return false;
        PinnedByTheirs.Add(id);
        return true;
    }
}
