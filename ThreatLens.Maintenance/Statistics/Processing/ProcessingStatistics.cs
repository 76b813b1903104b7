using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Statistics.Processing;

/// <summary>How real-time processing went over a window of the events' own times.</summary>
public sealed record ProcessingStatistics
{
    /// <summary>The window begins here, inclusive.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The window ends here, exclusive.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Events in the window.</summary>
    public required long Events { get; init; }

    /// <summary>Of them processed in real time: <c>realtime_processed</c> is 1.</summary>
    public required long RealtimeProcessed { get; init; }

    /// <summary>Of those waiting for a notification: <c>notification_sent</c> is 0.</summary>
    public required long PendingNotifications { get; init; }

    /// <summary>Of those whose <c>notification_sent</c> says nothing (NULL), as in databases of the original application.</summary>
    public required long UnknownNotifications { get; init; }

    /// <summary>Events whose <c>processing_time</c> is a number of seconds.</summary>
    public required long ProcessingTimes { get; init; }

    /// <summary>Events without a <c>processing_time</c>: NULL or empty.</summary>
    public required long MissingProcessingTimes { get; init; }

    /// <summary>Events whose <c>processing_time</c> is something else: junk such as <c>n/a</c>, a negative number.</summary>
    public required long InvalidProcessingTimes { get; init; }

    /// <summary>Mean of the processing times, seconds; null: there is none.</summary>
    public required double? MeanProcessingSeconds { get; init; }

    /// <summary>Their 95th percentile by nearest rank, seconds; null: there is none.</summary>
    public required double? P95ProcessingSeconds { get; init; }

    /// <summary>Largest relative error of <see cref="P95ProcessingSeconds"/>; 0 (exact) up to 100,000 processing times, else 0.005.</summary>
    public required double P95ErrorBound { get; init; }

    /// <summary>How all other figures were obtained.</summary>
    public required Origin Origin { get; init; }

    /// <summary>Events per hour of the window.</summary>
    public double EventsPerHour => PerHour(Events);

    /// <summary>Events processed in real time per hour of the window.</summary>
    public double RealtimeProcessedPerHour => PerHour(RealtimeProcessed);

    private double PerHour(long events) => To > From ? events / (To - From).TotalHours : 0;
}

/// <summary>All events of the database.</summary>
/// <param name="Events">Events.</param>
/// <param name="RealtimeProcessed">Of them processed in real time; null: the database has no such column (migration 002).</param>
/// <param name="PendingNotifications">Of those waiting for a notification; null: as above.</param>
/// <param name="Origin">How they were obtained.</param>
public sealed record ProcessingTotals(long Events, long? RealtimeProcessed, long? PendingNotifications, Origin Origin);
