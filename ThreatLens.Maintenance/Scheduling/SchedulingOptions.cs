namespace ThreatLens.Maintenance.Scheduling;

/// <summary>What runs by itself, and when. Configuration section <c>Maintenance:Scheduling</c>. What cannot be meant stops the service at its start.</summary>
public sealed class SchedulingOptions
{
    /// <summary>Whether anything runs by itself. Default: yes. What is switched off can still be run by hand.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>IANA time zone of all schedules that name none of their own. Default: UTC.</summary>
    public string TimeZone { get; set; } = "UTC";

    /// <summary>How long a run that is refused (a conflicting operation, a locked database) tries again before it counts as missed. 0 to 1 day; default 1 h.</summary>
    public TimeSpan RetryFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>A verified backup. Default: daily at 02:00, before the cleanup.</summary>
    public ScheduleOptions Backup { get; set; } = new() { Cron = "0 0 2 * * ?" };

    /// <summary>A cleanup by the configured policies. Default: daily at 03:00.</summary>
    public ScheduleOptions Cleanup { get; set; } = new() { Cron = "0 0 3 * * ?" };

    /// <summary>Free pages given back in slices, statistics refreshed. Default: on Sundays at 04:00.</summary>
    public ScheduleOptions Optimize { get; set; } = new() { Cron = "0 0 4 ? * SUN" };

    /// <summary>A quick integrity check. Default: daily at 01:00.</summary>
    public ScheduleOptions IntegrityCheck { get; set; } = new() { Cron = "0 0 1 * * ?" };

    /// <summary>A full integrity check, indexes included. Default: on Saturdays at 05:00.</summary>
    public ScheduleOptions IntegrityCheckFull { get; set; } = new() { Cron = "0 0 5 ? * SAT" };

    /// <summary>A restore drill with the newest backup. Default: on Sundays at 06:00.</summary>
    public ScheduleOptions RestoreDrill { get; set; } = new() { Cron = "0 0 6 ? * SUN" };

    /// <summary>
    /// A rewrite of the whole file, which keeps writers out until it ends. Default: off; on Sundays at 04:30 once it is enabled, which takes a
    /// <see cref="ScheduleOptions.Window"/>.
    /// </summary>
    public ScheduleOptions Vacuum { get; set; } = new() { Enabled = false, Cron = "0 30 4 ? * SUN" };
}

/// <summary>When one job runs.</summary>
public sealed class ScheduleOptions
{
    /// <summary>Whether it runs by itself. Default: yes (<see cref="SchedulingOptions.Vacuum"/>: no).</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Quartz cron expression of six or seven fields: second, minute, hour, day of month, month, day of week, year.</summary>
    public string Cron { get; set; } = "";

    /// <summary>IANA time zone that cron and window are read in. Default null: <see cref="SchedulingOptions.TimeZone"/>.</summary>
    public string? TimeZone { get; set; }

    /// <summary>
    /// Windows that it may run in, as <c>Sat,Sun 01:00-05:00; Mon-Fri 23:00-02:00</c>: a run that is due outside waits for the next one, and what still
    /// runs when one closes is stopped at its next safe point. Default: empty, at any time.
    /// </summary>
    public string? Window { get; set; }

    /// <summary>
    /// Longest random delay of a run, so that many services do not begin at the same moment; never more than half the time to the next run. 0 to 12 h;
    /// default 5 min.
    /// </summary>
    public TimeSpan Jitter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>What becomes of runs that were due while the service did not run, or that its end cut short. Default: one of them is made up for.</summary>
    public MissedRunPolicy MissedRuns { get; set; } = MissedRunPolicy.RunOnce;
}

/// <summary>What becomes of runs that were due while the service did not run.</summary>
public enum MissedRunPolicy
{
    /// <summary>However many they are, one run makes up for them as soon as the service runs again.</summary>
    RunOnce,

    /// <summary>They are recorded as missed.</summary>
    Skip,
}
