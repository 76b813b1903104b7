using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Retention;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>
/// How much of Maintenance:Database:MaxBytes is free, and what makes room in it: first what the policies no longer keep. Rows that they do keep are deleted only by
/// whoever chooses that; no command is printed for it.
/// </summary>
internal sealed class BudgetRoom(SqliteDatabase database, OldestRows oldest, IOptions<RetentionOptions> retention, IOptions<HealthOptions> options)
{
    // Rows that became too old since the last cleanup make no room worth a command.
    private static readonly TimeSpan Worthwhile = TimeSpan.FromHours(1);

    /// <summary>Whether there is little room.</summary>
    /// <param name="used">Bytes in use: free pages are written again before the file grows.</param>
    public IEnumerable<HealthFinding> Look(long used)
    {
        if (database.MaxBytes == 0)
            return [];
        var free = Math.Max(0, 1 - ((double)used / database.MaxBytes));
        return HealthRules.BudgetNearlyFull
            .Below(
                free, options.Value.FreeDiskWarning, options.Value.FreeDiskCritical,
                () => FormattableString.Invariant($"{free:P1} of Maintenance:Database:MaxBytes ({StorageSection.Bytes(database.MaxBytes)}) is free."), CanClean(used) ? null : "")
            .Select(f => f.Command.Length > 0 ? f with { Remedy = f.Remedy + Loss } : f with { Remedy = $"No row is known that the policies do not keep: raise Maintenance:Database:MaxBytes, or keep less (Maintenance:Retention) and run a cleanup.{Loss}" });
    }

    /// <summary>Whether a cleanup would delete something: rows older than their policy, or more than may be in use in all.</summary>
    private bool CanClean(long used) => used > retention.Value.MaxDatabaseBytes || oldest.Last is not { } sample || sample.Value.Any(r => r.IsBehind(sample.At, Worthwhile));

    /// <summary>What loses rows is named with a little more than is asked for, or the next batch would break the rule again.</summary>
    private string Loss => (long)(database.MaxBytes * (1 - options.Value.FreeDiskWarning) * 0.98) is var size && size < RetentionOptions.MinDatabaseBytes ? ""
        : FormattableString.Invariant($" 'threatlens cleanup --max-size {size}' makes room at once by deleting the oldest rows although the policies keep them: metrics, then notifications, then events; with --plan it only tells how many.");
}
