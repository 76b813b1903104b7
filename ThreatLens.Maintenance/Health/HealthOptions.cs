using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Health;

/// <summary>How health is looked after, and the thresholds of <see cref="HealthRules"/>. Configuration section <c>Maintenance:Health</c>.</summary>
public sealed partial class HealthOptions
{
    /// <summary>Time between integrity checks (<c>PRAGMA quick_check</c>); the first one runs after start-up. 1 min to 30 days; default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan IntegrityCheckInterval { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Age after which what a report does not wait for (rows per table, source rhythms, what is too old) is looked at anew, in the background. It may
    /// be older: looking takes at most a twentieth of the time. 1 s to 1 day; default 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxCountAge { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Time between measurements of the index advice, the first 10 min after the start. Up to 30 days; 0: only when somebody asks for it. Default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan IndexAdviceInterval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Share of the disk, or of Maintenance:Database:MaxBytes, below which free space is a warning. 0 to 1; default 0.1.</summary>
    [Range(0.0, 1.0)]
    public double FreeDiskWarning { get; set; } = 0.1;

    /// <summary>The same for critical. 0 to 1; default 0.02.</summary>
    [Range(0.0, 1.0)]
    public double FreeDiskCritical { get; set; } = 0.02;

    /// <summary>Days until the disk or the budget is full, by the growth so far, below which that is a warning. 0 to 3,650; default 14.</summary>
    [Range(0.0, 3650.0)]
    public double DaysUntilFullWarning { get; set; } = 14;

    /// <summary>The same for critical. 0 to 3,650; default 2.</summary>
    [Range(0.0, 3650.0)]
    public double DaysUntilFullCritical { get; set; } = 2;

    /// <summary>Share of the file that is free pages above which giving them back is advised, from 64 MiB of them on. 0 to 1; default 0.25.</summary>
    [Range(0.0, 1.0)]
    public double FreePagesWarning { get; set; } = 0.25;

    /// <summary>
    /// Size of the write-ahead log, bytes, above which somebody keeps it from beginning anew. 1 MiB to 1 TiB; default 128 MiB, more than twice what it is
    /// kept near.
    /// </summary>
    [Range(1L << 20, 1L << 40)]
    public long WalWarning { get; set; } = 128L << 20;

    /// <summary>Age of the newest backup above which it is a warning. 1 min to 365 days; default 2 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan MaxBackupAge { get; set; } = TimeSpan.FromDays(2);

    /// <summary>Age of the last restore drill that worked above which it is a warning. 1 min to 3,650 days; default 35 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan MaxDrillAge { get; set; } = TimeSpan.FromDays(35);

    /// <summary>How far back failed operations count. 1 min to 90 days; default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00")]
    public TimeSpan FailedOperations { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Without progress for so long a running operation is a warning. 1 s to 1 day; default 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OperationStall { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long after its due time nothing may have come of a schedule before that is a warning. 1 s to 7 days; default 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan ScheduleGrace { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How much older than its policy allows a row may be before cleanups are behind schedule. 0 to 365 days; default 2 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan RetentionGrace { get; set; } = TimeSpan.FromDays(2);
}
