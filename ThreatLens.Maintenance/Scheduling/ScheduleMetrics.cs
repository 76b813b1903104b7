using System.Diagnostics;
using System.Diagnostics.Metrics;
using ThreatLens.Maintenance.Diagnostics;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>Counts what comes of due times. Thread-safe.</summary>
internal static class ScheduleMetrics
{
    private static readonly InstrumentAdvice<double> DelayBuckets = new() { HistogramBucketBoundaries = [1, 10, 60, 300, 900, 3600, 14_400, 86_400] };

    private static readonly Counter<long> Runs = MaintenanceMetrics.Meter.CreateCounter<long>(
        "threatlens.schedule.runs", "{run}", "Due times of schedules, by schedule and outcome: succeeded, failed, cancelled, missed.");

    private static readonly Histogram<double> Delay = MaintenanceMetrics.Meter.CreateHistogram(
        "threatlens.schedule.delay", "s", "From a due time to the start of its operation: jitter, window, refusals, absence.", tags: null, advice: DelayBuckets);

    public static void Ended(string schedule, string outcome) =>
        Runs.Add(1, new TagList { { "threatlens.schedule.name", schedule }, { "threatlens.schedule.outcome", outcome } });

    public static void Began(string schedule, TimeSpan delay) => Delay.Record(delay.TotalSeconds, new TagList { { "threatlens.schedule.name", schedule } });
}
