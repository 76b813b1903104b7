using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Scheduling;

internal static partial class Log
{
    [LoggerMessage(900, LogLevel.Information, "{Count} schedules are on; the next: {Schedule} at {Next:u}")]
    public static partial void Started(ILogger logger, int count, string? schedule, DateTimeOffset? next);

    [LoggerMessage(901, LogLevel.Information, "Schedule {Schedule}, due {Due:u}: operation {OperationId} ended {Outcome} {Detail}")]
    public static partial void Ended(ILogger logger, string schedule, DateTimeOffset due, string? operationId, ScheduleOutcome outcome, string detail);

    [LoggerMessage(902, LogLevel.Warning, "Schedule {Schedule}, due {Due:u}, was missed: {Reason}")]
    public static partial void Missed(ILogger logger, string schedule, DateTimeOffset due, string reason);

    [LoggerMessage(903, LogLevel.Information, "Schedule {Schedule} was due {Due:u} while the service did not run, or was cut short: it runs now")]
    public static partial void MadeUpFor(ILogger logger, string schedule, DateTimeOffset due);

    [LoggerMessage(904, LogLevel.Information, "Schedule {Schedule}, due {Due:u}, waits: {What}")]
    public static partial void Waits(ILogger logger, string schedule, DateTimeOffset due, string what);

    [LoggerMessage(905, LogLevel.Warning, "Schedule {Schedule}: what happened could not be recorded ({Reason})")]
    public static partial void NotRecorded(ILogger logger, Exception exception, string schedule, string reason);

    [LoggerMessage(906, LogLevel.Error, "Schedule {Schedule}, due {Due:u}, failed by a defect")]
    public static partial void Defect(ILogger logger, Exception exception, string schedule, DateTimeOffset due);

    [LoggerMessage(907, LogLevel.Warning, "The schedules could not be read ({Reason}); what was missed before is not made up for until they can")]
    public static partial void NotRead(ILogger logger, Exception exception, string reason);
}
