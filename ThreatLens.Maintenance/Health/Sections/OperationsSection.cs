using System.Text.Json;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>What runs, what failed lately and did not succeed since, and what was scheduled and did not run.</summary>
internal sealed class OperationsSection(OperationRunner runner, ScheduleLook schedules, IOptions<HealthOptions> options) : IHealthSectionSource
{
    private static readonly string[] States = ["Succeeded", "Failed", "Cancelled", "Interrupted"];

    public HealthSectionKind Kind => HealthSectionKind.Operations;

    public HealthSection Look(HealthLook look)
    {
        // Before the first one there are no tables of them, and nothing has failed.
        var has = look.HasTable("maintenance_operations");
        var since = OperationIds.From(look.Now - options.Value.FailedOperations);
        var running = runner.Running.Where(o => !o.HasEnded).ToList();
        var counts = has ? Count(look, since) : [];
        var scheduled = schedules.Look(look, since);
        List<HealthFinding> findings = [.. has ? Failed(look, since) : [], .. scheduled.Findings, .. running.Where(o => IsStalled(o, look.Now)).Select(o => Stalled(o, look.Now))];
        return look.Section(
            Kind,
            findings.Count > 0 ? findings[0].Evidence : $"{running.Count} running; {counts.GetValueOrDefault("Failed")} of the last {counts.Values.Sum()} failed.",
            [
                HealthFigure.Count("running", running.Count, "operations"),
                .. States.Select(s => HealthFigure.Count(s.ToLowerInvariant(), counts.GetValueOrDefault(s), "operations")),
                new HealthFigure("window", options.Value.FailedOperations),
                .. scheduled.Figures,
                .. running.SelectMany(o => (HealthFigure[])
                [
                    new HealthFigure("kind", o.Kind.ToString(), "", o.Id),
                    new HealthFigure("runs_for", o.Duration(look.Now), "", o.Id),
                    new HealthFigure("progress", o.Progress.Total > 0 ? (double)o.Progress.Completed / o.Progress.Total : null, "", o.Id),
                ]),
            ],
            findings,
            look.Session is null ? HealthStatus.Unknown : HealthStatus.Ok);
    }

    private bool IsStalled(Operation operation, DateTimeOffset now) => operation.StartedAt is not null && now - operation.Progress.UpdatedAt > options.Value.OperationStall;

    private static HealthFinding Stalled(Operation o, DateTimeOffset now) => HealthRules.OperationStalled.Warn(
        FormattableString.Invariant($"{o.Kind} for {o.Caller.Name} has made no progress for {(now - o.Progress.UpdatedAt).TotalMinutes:0} min: {o.Progress.Message}"), o.Id, o.State == OperationState.Cancelling ? "" : $"threatlens operations cancel {o.Id}");

    private static Dictionary<string, long> Count(HealthLook look, string since) => look.Session!
        .Query(
            "SELECT state, count(*) FROM maintenance_operations WHERE state IN ('Succeeded', 'Failed', 'Cancelled', 'Interrupted') AND id >= $since GROUP BY state",
            row => (row.GetString(0), row.GetInt64(1)), ("$since", since))
        .ToDictionary(c => c.Item1, c => c.Item2);

    /// <summary>The newest failure of each kind, unless one of that kind has succeeded since. Backups have rules of their own.</summary>
    private static IEnumerable<HealthFinding> Failed(HealthLook look, string since) => look.Session!
        .Query(
            """
            SELECT kind, max(id), state, failure FROM maintenance_operations f
            WHERE state IN ('Failed', 'Interrupted') AND id >= $since AND kind <> 'Backup'
                AND NOT EXISTS (SELECT 1 FROM maintenance_operations s WHERE s.state = 'Succeeded' AND s.id > f.id AND s.kind = f.kind)
            GROUP BY kind ORDER BY kind
            """,
            row => (Kind: row.GetString(0), Id: row.GetString(1), State: row.GetString(2), Failure: row.IsDBNull(3) ? null : row.GetString(3)), ("$since", since))
        .Select(f => HealthRules.OperationFailed.Warn($"{f.Kind} {f.Id}: {f.State.ToUpperInvariant()}, {Reason(f.Failure)}", f.Kind));

    internal static string Reason(string? failure) =>
        failure is not null && JsonSerializer.Deserialize<OperationFailure>(failure) is { } known ? $"{known.Reason}: {known.Message}" : "for an unknown reason";
}
