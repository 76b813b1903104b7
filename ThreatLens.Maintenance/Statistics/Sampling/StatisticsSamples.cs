using ThreatLens.Maintenance.Statistics.Notifications;
using ThreatLens.Maintenance.Statistics.Processing;

namespace ThreatLens.Maintenance.Statistics.Sampling;

/// <summary>
/// The newest samples of figures that would cost too much to be counted when somebody asks: reading one of these costs nothing. Kept by
/// <see cref="StatisticsSampler"/>. Thread-safe.
/// </summary>
public sealed class StatisticsSamples
{
    private volatile ProcessingSample? _processing;
    private volatile NotificationSample? _notifications;
    private volatile SizeSample? _size;

    /// <summary>Events; null: not sampled yet, or there is no such table.</summary>
    public ProcessingSample? Processing
    {
        get => _processing;
        internal set => _processing = value;
    }

    /// <summary>Notifications; null: as above.</summary>
    public NotificationSample? Notifications
    {
        get => _notifications;
        internal set => _notifications = value;
    }

    /// <summary>Sizes and rows of tables; null: not sampled yet.</summary>
    public SizeSample? Size
    {
        get => _size;
        internal set => _size = value;
    }
}

/// <summary>A sample of the events.</summary>
/// <param name="Totals">All of them.</param>
/// <param name="Window">Those of the last 24 hours, or of <see cref="StatisticsOptions.Window"/>.</param>
/// <param name="Cost">How long taking it took.</param>
public sealed record ProcessingSample(ProcessingTotals Totals, ProcessingStatistics Window, TimeSpan Cost);

/// <summary>A sample of the notifications.</summary>
/// <param name="All">All of them.</param>
/// <param name="Window">Those of the last 24 hours, or of <see cref="StatisticsOptions.Window"/>.</param>
/// <param name="Cost">How long taking it took.</param>
public sealed record NotificationSample(NotificationStatistics All, NotificationStatistics Window, TimeSpan Cost);

/// <summary>A sample of the sizes: rows per table are estimates with a bound.</summary>
/// <param name="Size">What was measured, and when.</param>
/// <param name="Cost">How long taking it took.</param>
public sealed record SizeSample(DatabaseSize Size, TimeSpan Cost);
