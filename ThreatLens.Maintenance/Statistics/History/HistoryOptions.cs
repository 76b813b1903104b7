using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Statistics.History;

/// <summary>How health samples are kept. Configuration section <c>Maintenance:History</c>.</summary>
public sealed class HistoryOptions
{
    /// <summary>Time between two samples. 10 s to 1 day; default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many samples are kept, the newest; about 300 bytes each. 10 to 1,000,000; default 10,000: five weeks at the default interval.</summary>
    [Range(10, 1_000_000)]
    public int MaxSamples { get; set; } = 10_000;

    /// <summary>Samples no older than this tell how fast the database grows. 1 h to 365 days; default 7 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan GrowthWindow { get; set; } = TimeSpan.FromDays(7);
}
