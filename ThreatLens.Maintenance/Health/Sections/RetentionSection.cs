using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Retention;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Whether cleanups keep up with the policies, and whether the clock lets them.</summary>
internal sealed class RetentionSection(OldestRows oldest, IOptions<RetentionOptions> retention, IOptions<HealthOptions> options) : IHealthSectionSource
{
    // A cleanup by size stops at the limit, and what comes in until the next one is above it by right.
    private const double AllowedExcess = 1.1;

    public HealthSectionKind Kind => HealthSectionKind.Retention;

    public HealthSection Look(HealthLook look)
    {
        if (look.Connection is not { } connection)
            return HealthLook.Missing(Kind);
        var sample = oldest.Last;
        var behind = sample?.Value.Where(r => r.IsBehind(sample.At, options.Value.RetentionGrace)).ToList() ?? [];
        // Where a cleanup has gone through lately, it has looked.
        var unseen = sample?.Value.Where(r => r.Outcome == OldestOutcome.NotLooked && !r.IsCleaned(sample.At, options.Value.RetentionGrace)).Select(r => r.Table).ToList() ?? [];
        var isFresh = sample is not null && SampleAge.StatusOf(look.Now - sample.At, sample.Took, oldest.Interval) == HealthStatus.Ok;
        var used = DatabasePages.Read(connection).UsedBytes;
        List<HealthFinding> findings = [.. behind.Select(r => Behind(r, sample!.At)), .. Size(used), .. Clock(look)];
        return look.Section(
            Kind,
            findings.Count > 0 ? findings[0].Evidence : sample is null ? "The oldest rows have not been looked for yet."
                : !isFresh ? FormattableString.Invariant($"The oldest rows were last looked for at {sample.At:yyyy-MM-dd HH:mm:ss} UTC, which is too long ago to count.")
                : unseen.Count > 0 ? $"How old the oldest rows are of {string.Join(", ", unseen)} cannot be told: there is no index on their times, or too many of those cannot be read."
                : "No row is older than its policy allows, or it is pinned.",
            [
                .. sample?.Value.SelectMany(r => Figures(r, sample.At)) ?? [],
                HealthFigure.Count("used_bytes", used, "bytes"),
                HealthFigure.Count("max_bytes", retention.Value.MaxDatabaseBytes, "bytes"),
            ],
            findings,
            isFresh && unseen.Count == 0 ? HealthStatus.Ok : HealthStatus.Unknown);
    }

    private static HealthFinding Behind(OldestRow row, DateTimeOffset at) => HealthRules.Behind.Warn(
        FormattableString.Invariant($"The oldest row of {row.Table} is {(at - row.Oldest!.Value).TotalDays:0.#} days old; its policy allows {row.MaxAge.TotalDays:0.##}."), row.Table, $"threatlens cleanup --table {row.Table}");

    private IEnumerable<HealthFinding> Size(long used) => used > retention.Value.MaxDatabaseBytes * AllowedExcess
        ? [HealthRules.OverSize.Warn($"{StorageSection.Bytes(used)} are in use; Maintenance:Retention:MaxDatabaseBytes allows {StorageSection.Bytes(retention.Value.MaxDatabaseBytes!.Value)}.")]
        : [];

    private static IEnumerable<HealthFinding> Clock(HealthLook look)
    {
        try
        {
            ClockCheck.Require(look.Connection!, look.Now);
            return [];
        }
        catch (MaintenanceException e) when (e.Reason == ErrorReasons.ClockSetBack)
        {
            return [HealthRules.ClockSetBack.Warn(e.Message)];
        }
    }

    private IEnumerable<HealthFigure> Figures(OldestRow row, DateTimeOffset at) =>
    [
        // A text where there is none: unknown would mean that nobody looked.
        (row.Outcome == OldestOutcome.Empty ? new HealthFigure("oldest", "none", "", row.Table) : new HealthFigure("oldest", row.Oldest, "", row.Table)).At(at),
        new HealthFigure("max_age", row.MaxAge, "", row.Table),
        new HealthFigure("cleaned_to", row.CleanedTo, "", row.Table).At(at),
        new HealthFigure("behind", row.Outcome == OldestOutcome.NotLooked && !row.IsCleaned(at, options.Value.RetentionGrace) ? null : row.IsBehind(at, options.Value.RetentionGrace), "", row.Table).At(at),
    ];
}
