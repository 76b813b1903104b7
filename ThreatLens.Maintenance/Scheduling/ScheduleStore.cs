using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>
/// What is on record about schedules, in the service's own table <c>maintenance_schedules</c>. A due time is claimed there by one process, whichever is
/// first: that is what makes one of several run it. Thread-safe.
/// </summary>
public sealed class ScheduleStore(SqliteDatabase database, ServiceSchema schema, TimeProvider time)
{
    // A record of a later time than that is of a clock that has been set back since; a timer may go off a moment early.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    private const string Columns =
        "settled_until, open_due, open_process, last_time, last_operation_id, last_outcome, last_detail, missed_runs, last_missed_at, last_missed_reason, "
        + "paused_at, paused_by, pause_reason, paused_until";

    /// <summary>What is on record, by name; empty in a database that has no such table yet.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    public IReadOnlyDictionary<string, ScheduleRecord> Read() =>
        database.FileExists ? SqliteSession.Read(database, "reading schedules", Read) : new Dictionary<string, ScheduleRecord>();

    /// <inheritdoc cref="Read()"/>
    internal static Dictionary<string, ScheduleRecord> Read(SqliteSession session) => session.HasTable("maintenance_schedules")
        ? session.Query($"SELECT {Columns}, name FROM maintenance_schedules", row => (Name: row.GetString(14), Record: Map(row))).ToDictionary(r => r.Name, r => r.Record)
        : [];

    /// <summary>
    /// Makes the schedules known, so that what is missed from now on can be told. Times that have been changed count from now, and so does a record of a
    /// time to come: a clock was set back.
    /// </summary>
    /// <returns>Whether that was possible: the service's own tables come with the first operation.</returns>
    /// <exception cref="MaintenanceException">The database cannot be written, or belongs to a newer service.</exception>
    internal bool Adopt(IEnumerable<Schedule> schedules)
    {
        schema.RefuseNewer(CancellationToken.None);
        return schema.ReadVersion() == ServiceSchema.LatestVersion && SqliteSession.Write(database, "recording schedules", session =>
        {
            foreach (var schedule in schedules)
            {
                session.Execute(
                    """
                    INSERT INTO maintenance_schedules(name, rhythm, settled_until) VALUES ($name, $rhythm, $now)
                    ON CONFLICT(name) DO UPDATE SET rhythm = $rhythm, settled_until = $now, open_due = NULL WHERE rhythm <> $rhythm OR settled_until > $later
                    """,
                    ("$name", schedule.Name), ("$rhythm", schedule.Rhythm), ("$now", Text(time.GetUtcNow())), ("$later", Text(time.GetUtcNow() + ClockTolerance)));
            }

            return true;
        });
    }

    /// <summary>Takes a due time for this process.</summary>
    /// <returns>False when it is settled, or another process has it.</returns>
    /// <exception cref="MaintenanceException">The database cannot be written.</exception>
    internal bool Claim(Schedule schedule, DateTimeOffset due)
    {
        schema.Ensure(mayCreateDatabase: false, CancellationToken.None);
        return Write(
            """
            INSERT INTO maintenance_schedules(name, rhythm, settled_until, open_due, open_process) VALUES ($name, $rhythm, $due, $due, $process)
            ON CONFLICT(name) DO UPDATE SET settled_until = $due, open_due = $due, open_process = $process WHERE settled_until < $due OR settled_until > $later
            """,
            schedule, ("$rhythm", schedule.Rhythm), ("$due", Text(due)), ("$process", ProcessIdentity.Current), ("$later", Text(time.GetUtcNow() + ClockTolerance)));
    }

    /// <summary>Takes a due time over from a process that is gone.</summary>
    /// <returns>False when another process was faster.</returns>
    internal bool TakeOver(Schedule schedule, DateTimeOffset due, string? from) => Write(
        "UPDATE maintenance_schedules SET open_process = $process WHERE name = $name AND open_due = $due AND open_process IS $from",
        schedule, ("$due", Text(due)), ("$process", ProcessIdentity.Current), ("$from", from));

    /// <summary>Records that a run has begun, by itself or by hand.</summary>
    internal void Began(Schedule schedule, Operation operation) => Write(
        """
        INSERT INTO maintenance_schedules(name, rhythm, settled_until, last_time, last_operation_id) VALUES ($name, $rhythm, $now, $at, $id)
        ON CONFLICT(name) DO UPDATE SET last_time = $at, last_operation_id = $id, last_outcome = NULL, last_detail = NULL
        """,
        schedule, ("$rhythm", schedule.Rhythm), ("$at", Text(operation.CreatedAt)), ("$id", operation.Id));

    /// <summary>Records how the run of a due time ended.</summary>
    /// <param name="schedule">Which schedule.</param>
    /// <param name="due">Which due time.</param>
    /// <param name="operationId">The operation that came of it; null: none did.</param>
    /// <param name="outcome">How that ended; null: none came of it.</param>
    /// <param name="detail">What is to be said of that.</param>
    /// <param name="staysOpen">Whether the next start may run it again.</param>
    internal void End(Schedule schedule, DateTimeOffset due, string? operationId, ScheduleOutcome? outcome, string detail, bool staysOpen) => Write(
        """
        UPDATE maintenance_schedules SET last_outcome = iif(last_operation_id = $id, $outcome, last_outcome), last_detail = iif(last_operation_id = $id, $detail, last_detail),
            open_due = iif($open OR open_due IS NOT $due, open_due, NULL) WHERE name = $name
        """,
        schedule, ("$due", Text(due)), ("$id", operationId), ("$outcome", outcome?.ToString()), ("$detail", detail), ("$open", staysOpen));

    /// <summary>Settles a due time that nothing is to come of.</summary>
    internal void Settle(Schedule schedule, DateTimeOffset due) => End(schedule, due, null, null, "", staysOpen: false);

    /// <summary>Settles a due time whose run is that of an earlier one, which still waits.</summary>
    internal void Cover(Schedule schedule, DateTimeOffset due) =>
        Write("UPDATE maintenance_schedules SET settled_until = max(settled_until, $due) WHERE name = $name", schedule, ("$due", Text(due)));

    /// <summary>Records that no operation came of a due time, and settles it.</summary>
    /// <param name="schedule">Which schedule.</param>
    /// <param name="due">Which due time.</param>
    /// <param name="holder">The process whose claim of the due time ends with that; null: nobody's.</param>
    /// <param name="reason">Why none came.</param>
    /// <returns>False when it is settled, or another process has it: then nothing is recorded.</returns>
    /// <exception cref="MaintenanceException">The database cannot be written, or belongs to a newer service.</exception>
    internal bool Miss(Schedule schedule, DateTimeOffset due, string? holder, string reason)
    {
        schema.RefuseNewer(CancellationToken.None);
        const string Sql =
            """
            INSERT INTO maintenance_schedules(name, rhythm, settled_until, missed_runs, last_missed_at, last_missed_reason) VALUES ($name, $rhythm, $due, 1, $due, $reason)
            ON CONFLICT(name) DO UPDATE SET missed_runs = missed_runs + 1, last_missed_at = $due, last_missed_reason = $reason,
                settled_until = max(settled_until, $due), open_due = iif(open_due IS $due, NULL, open_due)
                WHERE settled_until < $due OR settled_until > $later OR (open_due IS $due AND open_process IS $holder)
            """;
        return !database.FileExists || SqliteSession.Write(database, "recording a schedule", session => !session.HasTable("maintenance_schedules") || session.Execute(
            Sql, ("$name", schedule.Name), ("$rhythm", schedule.Rhythm), ("$due", Text(due)), ("$reason", reason), ("$holder", holder), ("$later", Text(time.GetUtcNow() + ClockTolerance))) > 0);
    }

    /// <summary>Pauses or resumes.</summary>
    internal void SetPause(Schedule schedule, SchedulePause? pause) => Write(
        """
        INSERT INTO maintenance_schedules(name, rhythm, settled_until, paused_at, paused_by, pause_reason, paused_until) VALUES ($name, $rhythm, $now, $at, $by, $reason, $until)
        ON CONFLICT(name) DO UPDATE SET paused_at = $at, paused_by = $by, pause_reason = $reason, paused_until = $until
        """,
        schedule, ("$rhythm", schedule.Rhythm), ("$at", Text(pause?.At)), ("$by", pause?.By), ("$reason", pause?.Reason), ("$until", Text(pause?.Until)));

    private bool Write(string sql, Schedule schedule, params (string Name, object? Value)[] values)
    {
        var named = values.Append(("$name", schedule.Name));
        if (sql.Contains("$now", StringComparison.Ordinal))
            named = named.Append(("$now", SqliteTimestamp.Format(time.GetUtcNow())));
        // Without the table there is nothing to record in; it comes with the first operation.
        return database.FileExists && SqliteSession.Write(database, "recording a schedule", session => session.HasTable("maintenance_schedules") && session.Execute(sql, [.. named]) > 0);
    }

    private static ScheduleRecord Map(SqliteDataReader row) => new()
    {
        SettledUntil = Time(row, 0) ?? default,
        OpenDue = Time(row, 1),
        OpenProcess = String(row, 2),
        LastTime = Time(row, 3),
        LastOperationId = String(row, 4),
        LastOutcome = Enum.TryParse<ScheduleOutcome>(String(row, 5), out var outcome) ? outcome : null,
        LastDetail = String(row, 6) ?? "",
        MissedRuns = row.GetInt64(7),
        LastMissedAt = Time(row, 8),
        LastMissedReason = String(row, 9) ?? "",
        Pause = Time(row, 10) is { } at ? new SchedulePause(at, String(row, 11) ?? "", String(row, 12) ?? "", Time(row, 13)) : null,
    };

    private static string? Text(DateTimeOffset? moment) => moment is { } at ? SqliteTimestamp.Format(at) : null;

    private static string? String(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Time(SqliteDataReader row, int column) => SqliteTimestamp.TryParse(String(row, column), out var moment) ? moment : null;
}
