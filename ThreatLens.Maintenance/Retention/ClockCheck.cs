using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// Whether the clock can be trusted with deciding what is old. A clock that was set back leaves things that were recorded later than now; so does one that
/// had been ahead and is right again. Which it is somebody has to say: then what is on record until then counts no more.
/// </summary>
internal static class ClockCheck
{
    private const string Acceptances = "maintenance_clock_acceptances";
    private const string Operation = "operation";
    private const string Metric = "metric";
    private static readonly TimeSpan OwnTolerance = TimeSpan.FromMinutes(5);

    // Producers have clocks of their own.
    private static readonly TimeSpan ProducersTolerance = TimeSpan.FromHours(1);

    /// <exception cref="MaintenanceException">CLOCK_SET_BACK.</exception>
    public static void Require(SqliteConnection reader, DateTimeOffset now)
    {
        if (NewestOperation(reader) is { } operation && operation > now + OwnTolerance)
            throw SetBack("the newest operation on record is of", operation, now);
        if (LastMetric(reader) is { } metric && metric.At > now + ProducersTolerance && !IsAccepted(reader, metric))
            throw SetBack("the metric stored last is of", metric.At, now);
    }

    /// <summary>A plan cannot be of a moment that is still to come.</summary>
    /// <exception cref="MaintenanceException">CLOCK_SET_BACK.</exception>
    public static void RequirePlan(DateTimeOffset frozenAt, DateTimeOffset now) => Require(frozenAt, now, "the plan is of", "make a new plan (validate_only)");

    /// <summary>A cleanup to go on with cannot be of a moment that is still to come.</summary>
    /// <exception cref="MaintenanceException">CLOCK_SET_BACK.</exception>
    public static void RequireBegun(DateTimeOffset frozenAt, DateTimeOffset now) => Require(frozenAt, now, "the cleanup was begun", "begin a new one without resume_operation_id");

    /// <summary>Remembers that the clock is right: what is on record of later times does not count any more. Part of the connection's transaction.</summary>
    /// <param name="writer">A connection within a transaction.</param>
    /// <param name="now">What the clock says.</param>
    /// <param name="operationId">The cleanup that says so.</param>
    public static void Accept(SqliteConnection writer, DateTimeOffset now, string operationId)
    {
        (string, object?)[] said = [("$now", SqliteTimestamp.Format(now)), ("$by", operationId)];
        writer.Execute($"DELETE FROM {Acceptances} WHERE kind = '{Operation}' AND id NOT IN (SELECT id FROM maintenance_operations)");
        writer.Execute(
            $"INSERT OR IGNORE INTO {Acceptances}(kind, id, recorded_at, accepted_at, accepted_by) SELECT '{Operation}', id, created_at, $now, $by FROM maintenance_operations WHERE created_at > $now AND id <> $by", said);
        if (LastMetric(writer) is { } last && last.At > now)
        {
            writer.Execute($"DELETE FROM {Acceptances} WHERE kind = '{Metric}'");
            writer.Execute(
                $"INSERT INTO {Acceptances}(kind, id, recorded_at, accepted_at, accepted_by) VALUES ('{Metric}', $id, $at, $now, $by)",
                [.. said, ("$id", last.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("$at", SqliteTimestamp.Format(last.At))]);
        }
    }

    private static void Require(DateTimeOffset frozenAt, DateTimeOffset now, string what, string remedy)
    {
        if (frozenAt > now + OwnTolerance)
            throw SetBack(what, frozenAt, now, remedy);
    }

    /// <summary>By id, which begins with the time.</summary>
    private static DateTimeOffset? NewestOperation(SqliteConnection reader)
    {
        if (!reader.HasTable("maintenance_operations"))
            return null;
        var newest = reader.Scalar(reader.HasTable(Acceptances)
            ? $"SELECT created_at FROM maintenance_operations o WHERE NOT EXISTS (SELECT 1 FROM {Acceptances} a WHERE a.kind = '{Operation}' AND a.id = o.id) ORDER BY id DESC LIMIT 1"
            : "SELECT created_at FROM maintenance_operations ORDER BY id DESC LIMIT 1");
        return SqliteTimestamp.TryParse(newest as string, out var at) ? at : null;
    }

    /// <summary>The one with the highest id, whatever its time.</summary>
    private static (long Id, DateTimeOffset At)? LastMetric(SqliteConnection reader)
    {
        if (!reader.HasTable("processing_metrics"))
            return null;
        var id = reader.Scalar("SELECT max(rowid) FROM processing_metrics") as long?;
        return id is { } last && SqliteTimestamp.TryParse(reader.Scalar("SELECT timestamp FROM processing_metrics WHERE rowid = $id", ("$id", last)) as string, out var at) ? (last, at) : null;
    }

    /// <summary>Ids may be given out again: a metric of a later time than was accepted is another one.</summary>
    private static bool IsAccepted(SqliteConnection reader, (long Id, DateTimeOffset At) metric) => reader.HasTable(Acceptances) && reader.Scalar(
        $"SELECT 1 FROM {Acceptances} WHERE kind = '{Metric}' AND CAST(id AS INTEGER) >= $id AND recorded_at >= $at", ("$id", metric.Id), ("$at", SqliteTimestamp.Format(metric.At - ProducersTolerance))) is not null;

    private static MaintenanceException SetBack(string what, DateTimeOffset later, DateTimeOffset now, string remedy = "run one cleanup with accept_clock: what is on record now does not count any more from then on, for schedules either") => new(
        ErrorKind.FailedPrecondition, ErrorReasons.ClockSetBack,
        $"The clock says {SqliteTimestamp.Format(now)} UTC, and {what} {SqliteTimestamp.Format(later)}: it was set back, or something had a wrong time. Set it right; or, when it is right, {remedy}. Nothing was deleted.")
    {
        Metadata = new Dictionary<string, string> { ["now"] = SqliteTimestamp.Format(now), ["later"] = SqliteTimestamp.Format(later) },
    };
}
