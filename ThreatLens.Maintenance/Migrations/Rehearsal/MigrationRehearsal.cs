using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations.Rehearsal;

/// <summary>What running a plan on a copy measured: up, down and up again; of a rollback: down, up and down again.</summary>
public sealed record MigrationRehearsal
{
    /// <summary>All steps up, the first time.</summary>
    public TimeSpan UpDuration { get; init; }

    /// <summary>All steps down, the first time.</summary>
    public TimeSpan DownDuration { get; init; }

    /// <summary>Longest time the write lock was held at a stretch.</summary>
    public TimeSpan LongestWriteLock { get; init; }

    /// <summary>Largest size of the write-ahead log, bytes.</summary>
    public long PeakWalBytes { get; init; }

    /// <summary>What a rollback would lose.</summary>
    public IReadOnlyList<ValueLoss> Losses { get; init; } = [];

    /// <summary>Why the way down stopped above a version whose down script wants its tables empty; null when it did not.</summary>
    public string? NotUndone { get; init; }

    /// <summary>What failed; null when it passed.</summary>
    public RehearsalFailure? Failure { get; init; }
}

/// <summary>Why a rehearsal did not pass.</summary>
/// <param name="Phase">Which run failed: "up", "down", "up again", "down again" or "compare".</param>
/// <param name="Reason">One of <see cref="ErrorReasons"/>.</param>
/// <param name="Message">For people.</param>
/// <param name="Metadata">Further facts for programs.</param>
public sealed record RehearsalFailure(string Phase, string Reason, string Message, IReadOnlyDictionary<string, string> Metadata);
