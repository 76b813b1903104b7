using System.Diagnostics.Metrics;
using ThreatLens.Maintenance.Diagnostics;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>The gauges that alerts are made of. docs/operations.md lists them with example rules; a test compares the two lists.</summary>
internal static class AlertInstruments
{
    public const string DatabaseSize = "threatlens.database.size";
    public const string DatabaseFree = "threatlens.database.free";
    public const string DatabaseWal = "threatlens.database.wal";
    public const string DiskFree = "threatlens.database.disk.free";
    public const string Growth = "threatlens.database.growth";
    public const string DaysUntilFull = "threatlens.database.days_until_full";
    public const string IngestRate = "threatlens.ingest.rate";
    public const string IngestSilence = "threatlens.ingest.silence";
    public const string Events = "threatlens.events.count";
    public const string EventsPending = "threatlens.events.pending_notifications";
    public const string EventsRate = "threatlens.events.realtime_rate";
    public const string EventsDuration = "threatlens.events.processing_time.p95";
    public const string NotificationSuccess = "threatlens.notifications.success_ratio";
    public const string NotificationsFailed = "threatlens.notifications.failed";
    public const string NotificationsPending = "threatlens.notifications.pending";
    public const string SampleAge = "threatlens.sample.age";
    public const string BackupAge = "threatlens.backup.age";
    public const string DrillAge = "threatlens.restore_drill.age";
    public const string DrillPassed = "threatlens.restore_drill.passed";
    public const string DrillRecovery = "threatlens.restore_drill.recovery_time";
    public const string IntegrityAge = "threatlens.integrity_check.age";
    public const string IntegrityProblems = "threatlens.integrity_check.problems";
    public const string SchemaPending = "threatlens.schema.pending";
    public const string SchemaDrift = "threatlens.schema.drift";
    public const string OperationsRunning = "threatlens.operations.running";
    public const string OperationsFailed = "threatlens.operations.failed_last_day";
    public const string SchedulesMissed = "threatlens.schedules.missed";
    public const string SchedulesFailed = "threatlens.schedules.failed";
    public const string LogSources = "threatlens.log_sources.count";
    public const string LogSourcesSilent = "threatlens.log_sources.silent";
    public const string HealthStatus = "threatlens.health.status";
    public const string HealthFindings = "threatlens.health.findings";

    /// <summary>Name, unit and meaning of each.</summary>
    public static readonly IReadOnlyList<(string Name, string Unit, string Description)> All =
    [
        (DatabaseSize, "By", "The database, all its pages."),
        (DatabaseFree, "By", "Free pages within the database."),
        (DatabaseWal, "By", "The write-ahead log."),
        (DiskFree, "By", "Free on the database's disk."),
        (Growth, "By/d", "Growth of what the database holds, per day."),
        (DaysUntilFull, "d", "Days until the disk, or the configured budget, is full at that growth; not sent while it does not grow, before six hours of history, or while the samples leave it open."),
        (IngestRate, "{row}/s", "Metrics stored, mean over the last minute."),
        (IngestSilence, "s", "Since the last batch of metrics was committed."),
        (Events, "{event}", "Events in the database, sampled."),
        (EventsPending, "{event}", "Events processed in real time that wait for a notification, sampled."),
        (EventsRate, "{event}/h", "Events processed in real time per hour of the sampled window."),
        (EventsDuration, "s", "95th percentile of the processing time of events in the sampled window."),
        (NotificationSuccess, "1", "Share of sent among sent and failed notifications in the sampled window, by channel; not sent without any."),
        (NotificationsFailed, "{notification}", "Notifications that failed in the sampled window, by channel."),
        (NotificationsPending, "{notification}", "Pending notifications, by channel, sampled."),
        (SampleAge, "s", "Age of sampled figures."),
        (BackupAge, "s", "Since the newest verified backup was taken."),
        (DrillAge, "s", "Since a restore drill last passed."),
        (DrillPassed, "{drill}", "Whether the last restore drill passed: 1 or 0."),
        (DrillRecovery, "s", "Recovery time that the last restore drill measured."),
        (IntegrityAge, "s", "Since the last integrity check ended."),
        (IntegrityProblems, "{problem}", "Problems that it found."),
        (SchemaPending, "{migration}", "Migrations that are not applied."),
        (SchemaDrift, "{difference}", "Differences between the schema and its migrations that matter."),
        (OperationsRunning, "{operation}", "Operations that run."),
        (OperationsFailed, "{operation}", "Operations that failed or were interrupted within a day, of the newest 200."),
        (SchedulesMissed, "{schedule}", "Schedules whose last due time nothing came of."),
        (SchedulesFailed, "{schedule}", "Schedules whose last run failed or was interrupted."),
        (LogSources, "{source}", "Log sources by status; disabled ones are of the status disabled."),
        (LogSourcesSilent, "{source}", "Log sources that are enabled, and unwatched or silent; not sent while there are none, or nobody has looked."),
        (HealthStatus, "{status}", "Health by section, and overall: 0 OK, 1 unknown, 2 warning, 3 critical."),
        (HealthFindings, "{finding}", "Findings of the health report by id."),
    ];

    /// <summary>Creates them all on the one meter.</summary>
    /// <param name="figures">The newest figures.</param>
    public static void Create(Func<IReadOnlyList<AlertFigure>> figures)
    {
        foreach (var (name, unit, description) in All)
            MaintenanceMetrics.Meter.CreateObservableGauge(name, () => figures().Where(f => f.Instrument == name).Select(ToMeasurement), unit, description);
    }

    private static Measurement<double> ToMeasurement(AlertFigure figure) => figure.Tag is { } tag ? new(figure.Value, tag) : new(figure.Value);
}
