using ThreatLens.Maintenance.Health.Samples;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>How many rows the tables have.</summary>
internal sealed class TablesSection(TableRows rows) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Tables;

    public HealthSection Look(HealthLook look)
    {
        if (look.Session is not { } session)
            return HealthLook.Missing(Kind);
        if (rows.Get(session) is not var (counts, isOfNow))
            return HealthLook.Unknown(Kind, "The tables have not been counted yet.");
        // The oldest of the counts is what makes all of them old.
        DateTimeOffset? at = isOfNow ? look.Now : counts.Min(c => (DateTimeOffset?)c.At);
        var isFresh = isOfNow || (rows.Last is { } sample && SampleAge.StatusOf(look.Now - sample.At, sample.Took, rows.Interval) == HealthStatus.Ok
            && counts.All(c => !c.IsEstimate || SampleAge.StatusOf(look.Now - c.At, c.Took, rows.Interval) == HealthStatus.Ok));
        var unknown = counts.Count(c => c.Rows is null);
        return look.Section(
            Kind,
            !isFresh ? FormattableString.Invariant($"The tables were last counted at {at:yyyy-MM-dd HH:mm:ss} UTC, which is too long ago to count.")
                : unknown > 0 ? $"{counts.Sum(r => r.Rows)} rows in {counts.Count - unknown} tables; of {unknown} more it is not known."
                : $"{counts.Sum(r => r.Rows)} rows in {counts.Count} tables.",
            [.. counts.Select(c => Figure(c, isOfNow ? look.Now : null))], [], isFresh && unknown == 0 ? HealthStatus.Ok : HealthStatus.Unknown)
        with
        {
            SampledAt = at,
        };
    }

    private static HealthFigure Figure(TableCount count, DateTimeOffset? now)
    {
        var figure = HealthFigure.Count("rows", count.Rows, "rows", count.Table);
        return now is not null ? figure with { SampledAt = now } : count.IsEstimate ? figure.Within(count.ErrorBound) with { SampledAt = count.At } : figure.At(count.At);
    }
}
