using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Integrity;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>What the last integrity checks found, of either depth.</summary>
internal sealed class IntegritySection(IntegrityRecord record, BackupList backups, IOptions<HealthOptions> options) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Integrity;

    public bool ReadsDatabase => false;

    public HealthSection Look(HealthLook look)
    {
        // What is known of a file that is gone says nothing of the next one.
        if (look.IsMissing)
            return HealthLook.Missing(Kind);
        var (quick, full) = record.Known(look.Session);
        if (IntegrityRecord.Newer(quick, full) is not { } newest)
            return HealthLook.Unknown(Kind, "No integrity check has finished yet.");
        var problems = IntegrityRecord.ProblemsOf(quick, full);
        // What was found long ago says nothing of now: later checks did not come to an end.
        var outdated = look.Now - newest.FinishedAt > 2 * options.Value.IntegrityCheckInterval;
        var summary = problems.Count > 0 ? $"The last checks found {problems.Count} problems."
            : outdated ? "The last check that ended is too old to count."
            : $"The last check ({newest.Depth.ToString().ToLowerInvariant()}) found nothing.";
        return look.Section(
            Kind, summary,
            [
                new HealthFigure("age", look.Now - newest.FinishedAt) { SampledAt = newest.FinishedAt },
                new HealthFigure("check_duration", newest.Duration).At(newest.FinishedAt),
                HealthFigure.Count("problems", problems.Count, "problems").At(newest.FinishedAt),
                new HealthFigure("last_quick_check", quick?.FinishedAt),
                new HealthFigure("last_full_check", full?.FinishedAt),
            ],
            problems.Count == 0 ? [] : [HealthRules.Damaged.Fail(string.Join("; ", problems), command: Restore(look.Now))],
            outdated ? HealthStatus.Unknown : HealthStatus.Ok)
        with
        {
            SampledAt = newest.FinishedAt,
        };
    }

    /// <summary>Of the newest backup that was found whole; none: there is nothing to restore. It loses no row that can be read unless somebody allows more.</summary>
    private string Restore(DateTimeOffset now)
    {
        var all = backups.TryGet(now) ?? [];
        return (all.FirstOrDefault(b => b.VerifiedAt is not null) ?? all.FirstOrDefault()) is { } backup ? $"threatlens restore {CommandWord.Argument(backup.Name)} --max-rows-lost 0" : "";
    }
}
