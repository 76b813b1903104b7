namespace ThreatLens.Maintenance.Retention.Holds;

/// <summary>Data pinned against deletion by a cleanup. Immutable.</summary>
public sealed record Hold
{
    /// <summary>Identifier: 32 lower-case hexadecimal digits, ordered by creation time to the millisecond.</summary>
    public required string Id { get; init; }

    /// <summary>What is pinned.</summary>
    public required HoldTarget Target { get; init; }

    /// <summary>Why; 1 to 1,000 characters.</summary>
    public required string Reason { get; init; }

    /// <summary>Who pinned it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>Since when, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when, UTC; null: until it is released.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>
/// What a hold pins: a range of time, a source, or an event; exactly one. An event that is pinned keeps its raw log, its analyses and its
/// notifications, and one whose analyses or notifications are pinned is pinned itself.
/// </summary>
public sealed record HoldTarget
{
    /// <summary>Begin of the range, UTC, inclusive; null: from the beginning.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>End of the range, UTC, exclusive; null: it is no range.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>Name of the source; null: it is no source.</summary>
    public string? SourceName { get; init; }

    /// <summary>Id of the event; null: it is no event.</summary>
    public string? EventId { get; init; }
}
