using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>Tells of single events, by their key, whether a hold pins them.</summary>
internal sealed class EventLookup : IDisposable
{
    private readonly BoundStatement? _event;

    public EventLookup(SqliteConnection reader) =>
        _event = HasTable(reader, RetentionTable.Events.Name) ? new BoundStatement(reader, "SELECT timestamp, source FROM events WHERE id = ?1") : null;

    public static bool HasTable(SqliteConnection connection, string name) =>
        connection.Scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $name", ("$name", name)) is not null;

    /// <summary>Whether the event is pinned by its id, its source or its time. One that is gone can be pinned by its id alone.</summary>
    public bool IsPinned(string id, HoldSet holds)
    {
        if (holds.PinsEvent(id))
            return true;
        if (_event is null || (!holds.HasRanges && !holds.HasSources))
            return false;
        _event.Bind(1, id);
        var pinned = _event.Step() && (holds.PinsSource(_event.Text(1)) || (_event.IsText(0) && TimestampBytes.TryRead(_event.Utf8(0), out var ticks) && holds.PinsTime(ticks)));
        _event.Reset();
        return pinned;
    }

    public void Dispose() => _event?.Dispose();
}
