using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Statistics.Notifications;

/// <summary>How notifications went, by channel and type.</summary>
public sealed record NotificationStatistics
{
    /// <summary>The window begins here, inclusive; null: all notifications, also those without a time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The window ends here, exclusive; null: as above.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Per channel and type, by channel, then by type; only those that there are.</summary>
    public required IReadOnlyList<NotificationGroup> Groups { get; init; }

    /// <summary>Notifications of the whole table whose time is missing or unreadable: they are in no window.</summary>
    public required long Undated { get; init; }

    /// <summary>How the figures were obtained.</summary>
    public required Origin Origin { get; init; }

    /// <summary>All groups together.</summary>
    public NotificationCounts Total => Groups.Aggregate(new NotificationCounts(), (sum, g) => sum + g.Counts);

    /// <summary>The groups summed up by something they have in common.</summary>
    /// <param name="key">What that is: <c>g => g.Channel</c>.</param>
    /// <returns>By key.</returns>
    public IReadOnlyList<KeyValuePair<string, NotificationCounts>> By(Func<NotificationGroup, string> key) =>
        [.. Groups.GroupBy(key, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => KeyValuePair.Create(g.Key, g.Aggregate(new NotificationCounts(), (sum, group) => sum + group.Counts)))];
}

/// <summary>Notifications of one channel and type.</summary>
/// <param name="Channel">Channel, as stored.</param>
/// <param name="Type">Type, as stored.</param>
/// <param name="Counts">How many.</param>
public sealed record NotificationGroup(string Channel, string Type, NotificationCounts Counts)
{
    /// <summary>The order of groups: by channel, then by type, both by their code units.</summary>
    /// <param name="one">A channel and type.</param>
    /// <param name="other">Another.</param>
    public static int Compare((string Channel, string Type) one, (string Channel, string Type) other) =>
        string.CompareOrdinal(one.Channel, other.Channel) is not 0 and var order ? order : string.CompareOrdinal(one.Type, other.Type);
}

/// <summary>Notifications by what became of them.</summary>
/// <param name="Sent">Status <c>sent</c>.</param>
/// <param name="Failed">Status <c>failed</c>.</param>
/// <param name="Pending">Status <c>pending</c>.</param>
/// <param name="Other">Any other status.</param>
public readonly record struct NotificationCounts(long Sent = 0, long Failed = 0, long Pending = 0, long Other = 0)
{
    /// <summary>All of them.</summary>
    public long All => Sent + Failed + Pending + Other;

    /// <summary>Share of sent among sent and failed, 0 to 1; null: there is neither, and no data is no failure.</summary>
    public double? SuccessRate => Sent + Failed == 0 ? null : (double)Sent / (Sent + Failed);

    /// <summary>Both together.</summary>
    public static NotificationCounts operator +(NotificationCounts one, NotificationCounts other) => one.Add(other);

    /// <summary>Both together.</summary>
    /// <param name="other">The others.</param>
    public NotificationCounts Add(NotificationCounts other) =>
        new(Sent + other.Sent, Failed + other.Failed, Pending + other.Pending, Other + other.Other);

    /// <summary>So many notifications of one status.</summary>
    internal static NotificationCounts Of(string status, long count) => status switch
    {
        "sent" => new(Sent: count),
        "failed" => new(Failed: count),
        "pending" => new(Pending: count),
        _ => new(Other: count),
    };
}
