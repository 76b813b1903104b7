using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Retention.Holds;

/// <summary>The holds, in the service's own table <c>maintenance_holds</c>. Thread-safe.</summary>
public sealed class HoldStore(SqliteDatabase database, TimeProvider time)
{
    /// <summary>Most holds in force at a time: every transaction of a cleanup reads them.</summary>
    public const int MaxHolds = 1_000;

    /// <summary>A page of holds, newest first.</summary>
    /// <param name="limit">Most to return.</param>
    /// <param name="beforeId">Only those older than this one; null: from the newest.</param>
    /// <param name="includeExpired">Whether those that have expired are among them.</param>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    public IReadOnlyList<Hold> List(int limit, string? beforeId, bool includeExpired) => Read(
        "WHERE ($before IS NULL OR id < $before) AND ($all OR expires_at IS NULL OR expires_at > $now) ORDER BY id DESC LIMIT $limit",
        ("$before", beforeId), ("$all", includeExpired), ("$now", SqliteTimestamp.Format(time.GetUtcNow())), ("$limit", limit));

    /// <summary>The hold of that id, expired or not.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="MaintenanceException">HOLD_NOT_FOUND, or the database cannot be read.</exception>
    public Hold Get(string id) => Read("WHERE id = $id", ("$id", id)).SingleOrDefault() ?? throw NotFound(id);

    /// <summary>Refuses a hold that could not be created.</summary>
    /// <param name="target">What is to be pinned.</param>
    /// <exception cref="MaintenanceException">EVENT_NOT_FOUND, TOO_MANY_HOLDS, or the database cannot be read.</exception>
    internal void Check(HoldTarget target) => SqliteSession.Read(database, "looking for what is to be pinned", session =>
    {
        Check(session, target);
        return true;
    });

    /// <summary>Stores a hold.</summary>
    /// <param name="hold">The hold, checked by the caller.</param>
    /// <param name="cancellationToken">Gives up waiting for other writers.</param>
    /// <exception cref="MaintenanceException">As <see cref="Check(HoldTarget)"/>, or the database cannot be written.</exception>
    internal Hold Create(Hold hold, CancellationToken cancellationToken) => SqliteSession.Write(database, "creating a hold", session =>
    {
        Check(session, hold.Target);
        session.Execute($"INSERT INTO maintenance_holds({HoldRows.Columns}) VALUES ($id, $start, $end, $source, $event, $reason, $by, $created, $expires)", [.. HoldRows.Values(hold)]);
        return hold;
    }, cancellationToken);

    /// <summary>Removes a hold.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Gives up waiting for other writers.</param>
    /// <returns>The hold as it was.</returns>
    /// <exception cref="MaintenanceException">HOLD_NOT_FOUND, or the database cannot be written.</exception>
    internal Hold Release(string id, CancellationToken cancellationToken) => SqliteSession.Write(database, "releasing a hold", session =>
    {
        var hold = session.Query($"SELECT {HoldRows.Columns} FROM maintenance_holds WHERE id = $id", HoldRows.Map, ("$id", id)).SingleOrDefault() ?? throw NotFound(id);
        session.Execute("DELETE FROM maintenance_holds WHERE id = $id", ("$id", id));
        return hold;
    }, cancellationToken);

    private void Check(SqliteSession session, HoldTarget target)
    {
        if (target.EventId is { } id && (!session.HasTable("events") || session.Query("SELECT 1 FROM events WHERE id = $id", static _ => true, ("$id", id)).Count == 0))
            throw new MaintenanceException(ErrorKind.NotFound, ErrorReasons.EventNotFound, $"hold.target.event_id: there is no event '{id}'.") { Field = "hold.target.event_id" };
        if (session.HasTable("maintenance_holds") && session.Query(
            "SELECT count(*) FROM maintenance_holds WHERE expires_at IS NULL OR expires_at > $now", row => row.GetInt64(0), ("$now", SqliteTimestamp.Format(time.GetUtcNow())))[0] >= MaxHolds)
            throw new MaintenanceException(ErrorKind.ResourceExhausted, ErrorReasons.TooManyHolds, $"{MaxHolds} holds are in force, which is as many as there may be; release some, or pin a range or a source instead of single events.");
    }

    private IReadOnlyList<Hold> Read(string condition, params (string Name, object? Value)[] parameters) => database.FileExists
        ? SqliteSession.Read(database, "reading holds", session => session.HasTable("maintenance_holds")
            ? session.Query($"SELECT {HoldRows.Columns} FROM maintenance_holds {condition}", HoldRows.Map, parameters)
            : [])
        : [];

    private static MaintenanceException NotFound(string id) =>
        new(ErrorKind.NotFound, ErrorReasons.HoldNotFound, $"hold_id: there is no hold '{id}'.") { Field = "hold_id" };
}
