using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>Tells of single events, by their key, whether a hold pins them. Not thread-safe.</summary>
internal sealed class EventLookup : IDisposable
{
    private readonly BoundStatement? _event;
    private readonly List<BoundStatement> _theirs = [];
    private readonly HashSet<string> _pinnedByTheirs = [];
    private readonly long[] _read;
    private HoldSet _holds = HoldSet.None;

    public EventLookup(SqliteConnection reader)
    {
        if (HasTable(reader, RetentionTable.Events.Name))
        {
            _event = new BoundStatement(reader, "SELECT timestamp, source FROM events WHERE id = ?1");
            foreach (var table in ((RetentionTable[])[RetentionTable.Analyses, RetentionTable.Notifications]).Where(t => HasTable(reader, t.Name)))
                _theirs.Add(new BoundStatement(reader, $"SELECT rowid, {table.TimeColumn}, event_id FROM {table.Name} WHERE rowid > ?1 ORDER BY rowid"));
        }

        _read = new long[_theirs.Count];
    }

    public static bool HasTable(SqliteConnection connection, string name) =>
        connection.Scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $name", ("$name", name)) is not null;

    /// <summary>
    /// Whether the event is pinned by its id, its source or its time, or by the time of an analysis or a notification of its own. One that is gone
    /// can be pinned by its id alone.
    /// </summary>
    public bool IsPinned(string id, HoldSet holds)
    {
        if (holds.PinsEvent(id))
            return true;
        if (_event is null || (!holds.HasRanges && !holds.HasSources))
            return false;
        _event.Bind(1, id);
        var isThere = _event.Step();
        var pinned = isThere && (holds.PinsSource(_event.Text(1)) || holds.PinsTime(Time(_event, 0)));
        _event.Reset();
        return pinned || (isThere && holds.HasRanges && IsPinnedByTheirs(id, holds));
    }

    public void Dispose()
    {
        _event?.Dispose();
        foreach (var rows in _theirs)
            rows.Dispose();
    }

    // No index has the event of an analysis: the tables are read once for all events, and from then on what has come since.
    private bool IsPinnedByTheirs(string id, HoldSet holds)
    {
        if (!ReferenceEquals(holds, _holds))
        {
            _holds = holds;
            _pinnedByTheirs.Clear();
            Array.Fill(_read, long.MinValue);
        }

        for (var i = 0; i < _theirs.Count; i++)
        {
            var rows = _theirs[i];
            rows.Bind(1, _read[i]);
            while (rows.Step())
            {
                _read[i] = rows.Int64(0);
                if (holds.PinsTime(Time(rows, 1)))
                    _pinnedByTheirs.Add(rows.Text(2));
            }

            rows.Reset();
        }

        return _pinnedByTheirs.Contains(id);
    }

    private static long? Time(BoundStatement row, int column) => row.IsText(column) && TimestampBytes.TryRead(row.Utf8(column), out var ticks) ? ticks : null;
}
