using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>How space is given back and statistics are refreshed. Configuration section <c>Maintenance:Optimization</c>.</summary>
public sealed class OptimizationOptions
{
    /// <summary>
    /// How long one slice of returning space should hold the write lock; the pages a slice moves adapt to it, and to what metric batches take
    /// meanwhile. 1 ms to 1 s; default 8 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:01")]
    public TimeSpan MaxWriteLock { get; set; } = TimeSpan.FromMilliseconds(8);

    /// <summary>Least pause between two slices, in which others write; it grows with the slice before. 0 to 1 s; default 5 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan Pause { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Most rows of an index that ANALYZE looks at (<c>analysis_limit</c>). 100 to 100,000; default 400.</summary>
    [Range(100, 100_000)]
    public int AnalysisLimit { get; set; } = 400;

    /// <summary>
    /// Queries of other programs that indexes are judged by, beside the service's own: one SELECT each; a parameter <c>$column</c> stands for a
    /// value of that column. Default: none.
    /// </summary>
    public IReadOnlyList<string> Queries { get; set; } = [];
}
