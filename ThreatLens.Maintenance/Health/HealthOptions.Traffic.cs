using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Health;

/// <summary>Thresholds of what comes in and goes out.</summary>
public sealed partial class HealthOptions
{
    /// <summary>Without a metric for so long, while producers had been sending, ingest is a warning. 1 s to 1 day; default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan IngestSilence { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>99th percentile of the time from a batch's arrival to its commit above which ingest is slow. 1 ms to 10 min; default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan IngestLatencyWarning { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Share of Maintenance:Ingest:MaxQueuedBytes in use above which producers wait. 0 to 1; default 0.8.</summary>
    [Range(0.0, 1.0)]
    public double IngestQueueWarning { get; set; } = 0.8;

    /// <summary>Share of the entries of the last hour that were rejected above which it is a warning. 0 to 1; default 0.01.</summary>
    [Range(0.0, 1.0)]
    public double RejectedWarning { get; set; } = 0.01;

    /// <summary>A source is silent after so many times its own normal pause between minutes with metrics. 1 to 1,000; default 3.</summary>
    [Range(1.0, 1000.0)]
    public double SourceSilence { get; set; } = 3;

    /// <summary>A source of which fewer than 20 pauses are known, which make no rhythm, is silent after this time. 1 min to 30 days; default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan SourceSilenceWithoutRhythm { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Events waiting for a notification above which it is a warning. 0 to 10^12; default 1,000.</summary>
    [Range(0L, 1_000_000_000_000L)]
    public long PendingNotifications { get; set; } = 1_000;

    /// <summary>Share of the notifications of 24 h that were sent below which it is a warning. 0 to 1; default 0.9, as in the original.</summary>
    [Range(0.0, 1.0)]
    public double NotificationSuccessWarning { get; set; } = 0.9;

    /// <summary>The same for critical. 0 to 1; default 0.5.</summary>
    [Range(0.0, 1.0)]
    public double NotificationSuccessCritical { get; set; } = 0.5;

    /// <summary>Calls of the last hour that ended with an error of the service (not of the caller) above which it is a warning. 0 to 1,000,000; default 100.</summary>
    [Range(0L, 1_000_000L)]
    public long CallErrorsWarning { get; set; } = 100;

    /// <summary>From this time on a statement is slow; those that are long by nature (VACUUM, checks, new indexes) do not count. 1 ms to 1 h; default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan SlowStatement { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Slow statements of the last hour above which it is a warning. 0 to 1,000,000; default 10.</summary>
    [Range(0L, 1_000_000L)]
    public long SlowStatementsWarning { get; set; } = 10;
}
