using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Optimization.Indexes;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Whether the database is slow, and by what.</summary>
internal sealed class PerformanceSection(SqliteDatabase database, QueryPlans plans, IndexAdvisor advisor, IOptions<HealthOptions> options) : IHealthSectionSource
{
    private const int MostStatements = 10;

    public HealthSectionKind Kind => HealthSectionKind.Performance;

    public bool ReadsDatabase => false;

    public HealthSection Look(HealthLook look)
    {
        if (look.IsMissing)
            return HealthLook.Missing(Kind);
        var (slow, statements) = (database.Slow.Counts.Last(60), database.Slow.List());
        var compared = plans.Last is { Value: { } regressions } last ? new Sampled<IReadOnlyList<PlanRegression>>(regressions, last.At, last.Took) : null;
        var isFresh = compared is not null && SampleAge.StatusOf(look.Now - compared.At, compared.Took, plans.Interval) == HealthStatus.Ok;
        List<HealthFinding> findings = [];
        if (slow > options.Value.SlowStatementsWarning)
            findings.Add(HealthRules.SlowStatements.Warn(FormattableString.Invariant($"{slow} statements of the last hour took {options.Value.SlowStatement.TotalMilliseconds:0} ms or more; {statements[0].Summary} took {statements[0].Longest.TotalMilliseconds:0} ms.")));
        findings.AddRange((compared?.Value ?? []).DistinctBy(r => r.Table).Select(r => HealthRules.PlanRegression.Warn($"'{r.Query}' walks through the whole table ({r.Plan}); without statistics: {r.Expected}.", r.Table)));
        return look.Section(
            Kind,
            findings.Count > 0 ? findings[0].Evidence : compared is null ? "Query plans have not been looked at yet."
                : !isFresh ? FormattableString.Invariant($"Query plans were last looked at at {compared.At:yyyy-MM-dd HH:mm:ss} UTC, which is too long ago to count.") : $"{slow} slow statements in the last hour; query plans are as they should be.",
            [
                HealthFigure.Count("slow_statements_1_hour", slow, "statements").Kept(),
                HealthFigure.Count("slow_statements_24_hours", database.Slow.Counts.Last(24 * 60), "statements").Kept(),
                compared is null ? HealthFigure.Count("plan_regressions", null, "queries") : HealthFigure.Count("plan_regressions", compared.Value.Count, "queries").At(compared.At),
                .. Advice(),
                .. statements.Take(MostStatements).SelectMany(s => (HealthFigure[])
                [
                    HealthFigure.Count("slow", s.Count, "times", s.Summary).Kept(),
                    new HealthFigure("longest", s.Longest, "", s.Summary).Kept(),
                    new HealthFigure("last_slow", s.LastAt, "", s.Summary).Kept(),
                ]),
            ],
            findings,
            isFresh ? HealthStatus.Ok : HealthStatus.Unknown);
    }

    /// <summary>What was measured last. Advice is no finding: it says what could be better, not that something is wrong.</summary>
    private IEnumerable<HealthFigure> Advice()
    {
        var advice = advisor.Last;
        DateTimeOffset? at = advice?.Max(a => (DateTimeOffset?)a.MeasuredAt);
        foreach (var (name, kinds) in new (string, IndexAdviceKind[])[] { ("indexes_missing", [IndexAdviceKind.Missing]), ("indexes_superfluous", [IndexAdviceKind.Duplicate, IndexAdviceKind.RedundantPrefix]), ("indexes_unused", [IndexAdviceKind.Unused]) })
            yield return HealthFigure.Count(name, advice?.Count(a => kinds.Contains(a.Kind)), "indexes") with { Method = FigureMethod.Sampled, SampledAt = at };
    }
}
