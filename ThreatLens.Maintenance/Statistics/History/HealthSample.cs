namespace ThreatLens.Maintenance.Statistics.History;

/// <summary>How the database was at one moment, in few bytes.</summary>
public sealed record HealthSample
{
    /// <summary>When, UTC, in microseconds.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The database, bytes: all its pages.</summary>
    public required long DatabaseBytes { get; init; }

    /// <summary>Of them free pages, bytes.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>Write-ahead log, bytes.</summary>
    public required long WalBytes { get; init; }

    /// <summary>Bytes free on the database's disk; null: the system does not tell.</summary>
    public long? DiskFreeBytes { get; init; }

    /// <summary>Rows of processing_metrics; null: not known then.</summary>
    public long? MetricRows { get; init; }

    /// <summary>Rows of events; null: not known then.</summary>
    public long? EventRows { get; init; }

    /// <summary>Rows of notification_history; null: not known then.</summary>
    public long? NotificationRows { get; init; }

    /// <summary>Largest relative error of the three above; 0: exact.</summary>
    public double RowsError { get; init; }

    /// <summary>How the report was: its overall status, those of its sections, its findings.</summary>
    public required HealthVerdict Verdict { get; init; }

    /// <summary>Bytes that hold something: what grows with the rows, whether or not free pages are taken first.</summary>
    public long UsedBytes => DatabaseBytes - FreeBytes;
}

/// <summary>What a report came to, without its figures.</summary>
/// <param name="Overall">Its overall status, such as <c>Warning</c>.</param>
/// <param name="Sections">Status by section: <c>Storage</c> to <c>Ok</c>.</param>
/// <param name="Findings">Ids of its findings, each once, sorted.</param>
public sealed record HealthVerdict(string Overall, IReadOnlyDictionary<string, string> Sections, IReadOnlyList<string> Findings);
