using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ThreatLens.Maintenance.Retention;

/// <summary>What is kept for how long. Configuration section <c>Maintenance:Retention</c>.</summary>
public sealed class RetentionOptions
{
    /// <summary>Smallest size a database can be asked to be kept under, bytes: 1 MiB.</summary>
    public const long MinDatabaseBytes = 1024 * 1024;

    /// <summary>Largest one, bytes: 256 TiB, which no SQLite file exceeds.</summary>
    public const long MaxDatabaseBytesLimit = 1L << 48;

    /// <summary>processing_metrics. Default: 30 days.</summary>
    [ValidateObjectMembers]
    public TableRetentionOptions ProcessingMetrics { get; set; } = TableRetentionOptions.Days(30);

    /// <summary>notification_history. Default: 90 days.</summary>
    [ValidateObjectMembers]
    public TableRetentionOptions NotificationHistory { get; set; } = TableRetentionOptions.Days(90);

    /// <summary>events with their ai_analysis and notification_history. Default: 365 days.</summary>
    [ValidateObjectMembers]
    public TableRetentionOptions Events { get; set; } = TableRetentionOptions.Days(365);

    /// <summary>raw_logs, of those that no event refers to. Default: off; 365 days once it is enabled.</summary>
    [ValidateObjectMembers]
    public TableRetentionOptions RawLogs { get; set; } = new() { Enabled = false, MaxAge = TimeSpan.FromDays(365) };

    /// <summary>The sums per minute of processing_metrics. Default: 400 days.</summary>
    [ValidateObjectMembers]
    public TableRetentionOptions Rollups { get; set; } = TableRetentionOptions.Days(400);

    /// <summary>The record of operations that have ended. Default: 180 days.</summary>
    [ValidateObjectMembers]
    public TableRetentionOptions Operations { get; set; } = TableRetentionOptions.Days(180);

    /// <summary>
    /// Bytes that the database may use (pages in use times their size, not the file's length, which a space return shrinks); beyond it the oldest
    /// metrics go, then the oldest notifications, then the oldest events. 1 MiB to 256 TiB; default null: no limit.
    /// </summary>
    [Range(MinDatabaseBytes, MaxDatabaseBytesLimit)]
    public long? MaxDatabaseBytes { get; set; }

    /// <summary>
    /// What a cleanup may add to the 99th percentile of the time from a metric batch's arrival to its commit. 1 ms to 10 s; default 30 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan AddedLatency { get; set; } = TimeSpan.FromMilliseconds(30);

    /// <summary>Most rows that one transaction of a cleanup deletes. 100 to 1,000,000; default 20,000.</summary>
    [Range(100, 1_000_000)]
    public int MaxChunkRows { get; set; } = 20_000;

    internal TableRetentionOptions For(RetentionTable table) => table.Name switch
    {
        "processing_metrics" => ProcessingMetrics,
        "notification_history" => NotificationHistory,
        "events" => Events,
        "raw_logs" => RawLogs,
        "maintenance_metric_rollups" => Rollups,
        "maintenance_operations" => Operations,
        _ => throw new ArgumentOutOfRangeException(nameof(table), table.Name, "The table has no policy."),
    };
}

/// <summary>What is kept of one table.</summary>
public sealed class TableRetentionOptions
{
    /// <summary>Whether a cleanup touches the table at all, unless a request names a policy for it. Default true (raw_logs: false).</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Rows older than this go. 1 min to 36,500 days; null: no limit by age.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan? MaxAge { get; set; }

    /// <summary>Rows beyond the newest so many go. 1 to 10^12; default null: no limit by number.</summary>
    [Range(1L, 1_000_000_000_000L)]
    public long? MaxRows { get; set; }

    internal static TableRetentionOptions Days(int days) => new() { MaxAge = TimeSpan.FromDays(days) };
}
