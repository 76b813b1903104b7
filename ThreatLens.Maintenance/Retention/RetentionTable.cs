namespace ThreatLens.Maintenance.Retention;

/// <summary>A table that a policy can be about.</summary>
/// <param name="Name">Its name in the database.</param>
/// <param name="TimeColumn">The column that tells how old a row is.</param>
/// <param name="SourceColumn">The column with the source that a hold can pin; null: rows have none of their own.</param>
internal sealed record RetentionTable(string Name, string TimeColumn, string? SourceColumn)
{
    public static readonly RetentionTable Metrics = new("processing_metrics", "timestamp", "source_name");
    public static readonly RetentionTable Notifications = new("notification_history", "sent_at", null);
    public static readonly RetentionTable Events = new("events", "timestamp", "source");
    public static readonly RetentionTable Analyses = new("ai_analysis", "analyzed_at", null);
    public static readonly RetentionTable RawLogs = new("raw_logs", "ingested_at", "source");
    public static readonly RetentionTable Rollups = new("maintenance_metric_rollups", "minute", "source_name");
    public static readonly RetentionTable Operations = new("maintenance_operations", "created_at", null);

    /// <summary>In the order in which a cleanup goes through them: what belongs to something goes before it.</summary>
    public static readonly IReadOnlyList<RetentionTable> All = [Metrics, Notifications, Events, Analyses, RawLogs, Rollups, Operations];

    /// <summary>Analyses have no age of their own: they go with their event, or when it is gone.</summary>
    public bool HasPolicy => this != Analyses;

    /// <summary>The name people use of the service's own tables is shorter.</summary>
    public static RetentionTable? Find(string name) => name switch
    {
        "rollups" => Rollups,
        _ => All.FirstOrDefault(t => t.Name.Equals(name, StringComparison.OrdinalIgnoreCase)),
    };
}
