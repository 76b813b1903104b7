using ThreatLens.Maintenance.Health.Samples;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>How many rows the tables have.</summary>
internal sealed class TablesSection(TableRows rows) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Tables;

    public HealthSection Look(HealthLook look)
    {
        if (look.Session is not { } session)
            return HealthLook.Unknown(Kind, "The database does not exist yet.");
        if (rows.Get(session) is not var (counts, isOfNow))
            return HealthLook.Unknown(Kind, "The tables have not been counted yet.");
        var figures = counts.Select(c => HealthFigure.Count("rows", c.Rows, "rows", c.Table)).Zip(counts, (figure, c) => isOfNow ? figure with { SampledAt = look.Now } : figure.At(c.At));
        return look.Section(Kind, $"{counts.Sum(r => r.Rows)} rows in {counts.Count} tables.", [.. figures], [], counts.Any(c => c.Rows is null) ? HealthStatus.Unknown : HealthStatus.Ok) with { SampledAt = isOfNow ? look.Now : counts.Min(c => (DateTimeOffset?)c.At) };
    }
}
