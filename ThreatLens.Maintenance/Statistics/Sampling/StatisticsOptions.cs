using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Statistics.Sampling;

/// <summary>How figures of tables that others write are looked after. Configuration section <c>Maintenance:Statistics</c>.</summary>
public sealed class StatisticsOptions
{
    /// <summary>Time between two samples of the same figures. 1 s to 1 day; default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SampleInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Most of one processor that sampling may take: a sample that took long is followed by a longer pause, and so the figures of a very large
    /// database are older. 0.001 to 0.5; default 0.02.
    /// </summary>
    [Range(0.001, 0.5)]
    public double MaxLoad { get; set; } = 0.02;

    /// <summary>Time between two looks at the figures that are sent as metrics. 1 s to 5 min; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan AlertInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Length of the window that is sampled, back from now. 1 h to 30 days; default 24 h.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "30.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(24);
}
