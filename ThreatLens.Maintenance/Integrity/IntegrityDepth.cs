namespace ThreatLens.Maintenance.Integrity;

/// <summary>How much an integrity check looks at. The names are stored; never rename one.</summary>
public enum IntegrityDepth
{
    /// <summary><c>PRAGMA quick_check</c>: every page and row, not whether indexes hold what their tables do. About a second a GiB in memory.</summary>
    Quick,

    /// <summary><c>PRAGMA integrity_check</c>: that, and every entry of every index, and UNIQUE. Several times as long.</summary>
    Full,
}

/// <summary>What an integrity check found.</summary>
/// <param name="Depth">How much was looked at.</param>
/// <param name="FinishedAt">When it finished, UTC.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Problems">At most 20, as SQLite words them; empty: nothing was found.</param>
public sealed record IntegrityCheckResult(IntegrityDepth Depth, DateTimeOffset FinishedAt, TimeSpan Duration, IReadOnlyList<string> Problems)
{
    /// <summary>The operation it was; empty when it was none, as the look at the start of the service.</summary>
    public string OperationId { get; init; } = "";

    /// <summary>Whether nothing was found.</summary>
    public bool IsIntact => Problems.Count == 0;
}
