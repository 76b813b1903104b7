using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// Whether the clock can be trusted with deciding what is old. A clock that was set back leaves things that were recorded later than now.
/// </summary>
internal static class ClockCheck
{
    private static readonly TimeSpan OwnTolerance = TimeSpan.FromMinutes(5);

    // Producers have clocks of their own.
    private static readonly TimeSpan ProducersTolerance = TimeSpan.FromHours(1);

    /// <exception cref="MaintenanceException">CLOCK_SET_BACK.</exception>
    public static void Require(SqliteConnection reader, DateTimeOffset now)
    {
        // The newest by id, which begins with the time; the last stored metric is the one with the highest id, whatever its time.
        Require(reader, "maintenance_operations", "SELECT created_at FROM maintenance_operations ORDER BY id DESC LIMIT 1", "the newest operation on record is of", now + OwnTolerance, now);
        Require(reader, "processing_metrics", "SELECT timestamp FROM processing_metrics ORDER BY rowid DESC LIMIT 1", "the metric stored last is of", now + ProducersTolerance, now);
    }

    /// <summary>A plan, or a cleanup to go on with, cannot be of a moment that is still to come.</summary>
    /// <exception cref="MaintenanceException">CLOCK_SET_BACK.</exception>
    public static void Require(DateTimeOffset frozenAt, DateTimeOffset now)
    {
        if (frozenAt > now + OwnTolerance)
            throw SetBack("the plan is of", frozenAt, now);
    }

    private static void Require(SqliteConnection reader, string table, string sql, string what, DateTimeOffset latest, DateTimeOffset now)
    {
        if (reader.Scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $table", ("$table", table)) is not null
            && SqliteTimestamp.TryParse(reader.Scalar(sql) as string, out var newest) && newest > latest)
            throw SetBack(what, newest, now);
    }

    private static MaintenanceException SetBack(string what, DateTimeOffset later, DateTimeOffset now) => new(
        ErrorKind.FailedPrecondition, ErrorReasons.ClockSetBack,
        $"The clock says {SqliteTimestamp.Format(now)} UTC, and {what} {SqliteTimestamp.Format(later)}: it was set back, or something had a wrong time. Set it right; or, when it is right, repeat with accept_clock. Nothing was deleted.")
    {
        Metadata = new Dictionary<string, string> { ["now"] = SqliteTimestamp.Format(now), ["later"] = SqliteTimestamp.Format(later) },
    };
}
