using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>
/// Raw logs past their cutoff that no event refers to. No index has what events refer to, so all events are read once for many raw logs; events that
/// come meanwhile are looked at within the transaction.
/// </summary>
internal sealed class RawLogsStep : LookAheadStep
{
    private readonly SqliteConnection _reader;
    private readonly EventGoes? _eventGoes;
    private readonly HashSet<int> _referred = [];
    private (long RowId, string Id) _newestEvent;
    private BoundStatement? _delete;

    /// <param name="reader">Where to look; the table of events is there.</param>
    /// <param name="cutoff">What goes.</param>
    /// <param name="eventGoes">For a plan: which events will be gone by then; null: those that are there stay.</param>
    public RawLogsStep(SqliteConnection reader, Cutoff cutoff, EventGoes? eventGoes)
        : base(reader, RetentionTable.RawLogs, cutoff) => (_reader, _eventGoes) = (reader, eventGoes);

    /// <summary>Whether an event goes in the same cleanup.</summary>
    public delegate bool EventGoes(long? ticks, long rowId, string id, string source, HoldSet holds);

    public override Deleted? Delete(SqliteConnection writer)
    {
        // Row ids are given out in order while the newest event is the one it was: what is behind it has come since.
        if (writer.Scalar("SELECT id FROM events WHERE rowid = $row", ("$row", _newestEvent.RowId)) as string != NullIfNone(_newestEvent.Id))
        {
            Slice.Clear();
            return null;
        }

        var since = writer.Texts("SELECT raw_log_id FROM events WHERE rowid > $row", ("$row", _newestEvent.RowId)).ToHashSet(StringComparer.Ordinal);
        var delete = Prepared(ref _delete, writer, "DELETE FROM raw_logs WHERE rowid = ?1 AND id = ?2");
        var deleted = 0L;
        foreach (var row in Found.Rows.Where(r => !since.Contains(r.Id)))
        {
            delete.Bind(1, row.RowId);
            delete.Bind(2, row.Id);
            deleted += delete.Run();
        }

        return new Deleted(deleted, default);
    }

    protected override void Prepare(HoldSet holds)
    {
        _referred.Clear();
        // Before what they refer to is read: an event that comes in between is read twice, not missed.
        using var newest = new BoundStatement(_reader, "SELECT rowid, id FROM events ORDER BY rowid DESC LIMIT 1");
        _newestEvent = newest.Step() ? (newest.Int64(0), newest.Text(1)) : (long.MinValue, "");
        newest.Reset();
        using var events = new BoundStatement(_reader, "SELECT rowid, timestamp, id, source, raw_log_id FROM events");
        while (events.Step())
        {
            var hash = EventChildren.Hash(events.Text(4));
            if (Slice.Contains(hash) && !Goes(events, holds))
                _referred.Add(hash);
        }
    }

    protected override void Decide(string id, long ticks, HoldSet holds)
    {
        if (_referred.Contains(EventChildren.Hash(id)))
            return;
        if (!holds.IsEmpty && (holds.PinsTime(ticks) || holds.PinsSource(Scan.Text(3))))
            Found.Held++;
        else
            Take(id, ticks);
    }

    private static string? NullIfNone(string id) => id.Length == 0 ? null : id;

    private bool Goes(BoundStatement row, HoldSet holds) => _eventGoes is not null
        && _eventGoes(row.IsText(1) && TimestampBytes.TryRead(row.Utf8(1), out var ticks) ? ticks : null, row.Int64(0), row.Text(2), row.Text(3), holds);
}
