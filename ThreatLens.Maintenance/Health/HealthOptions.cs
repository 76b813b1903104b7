using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Health;

/// <summary>How health is looked after. Configuration section <c>Maintenance:Health</c>.</summary>
public sealed class HealthOptions
{
    /// <summary>Time between integrity checks (<c>PRAGMA quick_check</c>); the first one runs after start-up. 1 min to 30 days; default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan IntegrityCheckInterval { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Counting that took longer than this is not done while a report waits, but in the background. 0 to 10 s; default 50 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan MaxInlineCount { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Age after which background counts are taken anew. 1 s to 1 day; default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxCountAge { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Share of the disk below which free space is a warning. 0 to 1; default 0.1.</summary>
    [Range(0.0, 1.0)]
    public double FreeDiskWarning { get; set; } = 0.1;

    /// <summary>Share of the disk below which free space is critical. 0 to 1; default 0.02.</summary>
    [Range(0.0, 1.0)]
    public double FreeDiskCritical { get; set; } = 0.02;

    /// <summary>Without a metric for so long, while producers had been sending, ingest is a warning. 1 s to 1 day; default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan IngestSilence { get; set; } = TimeSpan.FromMinutes(1);
}
