using System.Diagnostics.Metrics;

namespace ThreatLens.Maintenance.Diagnostics;

/// <summary>The library's instruments, all on one static meter. Thread-safe.</summary>
public static class MaintenanceMetrics
{
    private static readonly InstrumentAdvice<double> StatementBuckets = new() { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] };

    private static readonly InstrumentAdvice<double> OperationBuckets = new() { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800] };

    /// <summary>The one meter; features add their own instruments to it.</summary>
    public static Meter Meter { get; } = new(MaintenanceDiagnostics.MeterName);

    /// <summary>How long database statements take, in seconds.</summary>
    public static Histogram<double> StatementDuration { get; } = Meter.CreateHistogram(
        "db.client.operation.duration", "s", "Duration of database client operations.", tags: null, advice: StatementBuckets);

    private static Counter<long> OperationCount { get; } = Meter.CreateCounter<long>(
        "threatlens.operations.count", "{operation}", "Maintenance operations that ended, by kind and outcome.");

    private static Histogram<double> OperationDuration { get; } = Meter.CreateHistogram(
        "threatlens.operation.duration", "s", "Duration of maintenance operations, by kind and outcome.", tags: null, advice: OperationBuckets);

    /// <summary>Counts an operation that has ended.</summary>
    /// <param name="kind">What it was, lower case: "migrate", "rollback". A small fixed set.</param>
    /// <param name="outcome">How it ended, lower case: "succeeded", "failed", "cancelled", "interrupted".</param>
    /// <param name="duration">How long it ran.</param>
    public static void RecordOperation(string kind, string outcome, TimeSpan duration)
    {
        var tags = new System.Diagnostics.TagList { { "threatlens.operation.kind", kind }, { "threatlens.operation.outcome", outcome } };
        OperationCount.Add(1, tags);
        OperationDuration.Record(duration.TotalSeconds, tags);
    }
}
