namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>How many rows the tables have.</summary>
internal sealed class TablesSection(TableCounter counter) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Tables;

    public HealthSection Look() => counter.Get() is { } counts
        ? new HealthSection(Kind, HealthStatus.Ok, $"{counts.Rows.Sum(r => r.Rows)} rows in {counts.Rows.Count} tables.")
        {
            Figures = [.. counts.Rows.Select(r => new HealthFigure("rows", (double)r.Rows, "rows", r.Table) { Method = counts.Method, SampledAt = counts.CountedAt })],
            SampledAt = counts.CountedAt,
        }
        : new HealthSection(Kind, HealthStatus.Unknown, "The tables have not been counted yet.");
}
