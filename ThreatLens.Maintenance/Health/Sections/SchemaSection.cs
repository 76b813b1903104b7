using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Whether the schema is what this service needs.</summary>
internal sealed class SchemaSection(MigrationEngine migrations, TimeProvider time) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Schema;

    public HealthSection Look()
    {
        var status = migrations.GetStatus();
        var pending = status.Pending.Select(m => m.Version.Id).ToList();
        var changed = status.Migrations.Where(m => m.ChecksumMatches == false).Select(m => m.Version.Id).ToList();
        List<HealthFinding> findings = [];
        if (status.IsNewerThanService)
            findings.Add(new("schema.newer", HealthStatus.Critical, "The database was changed by a newer version of this service.", "Run that version."));
        if (status.Unfinished is { } begun)
            findings.Add(new("schema.unfinished", HealthStatus.Critical, FormattableString.Invariant($"{(begun.IsDown ? "Undoing" : "Applying")} {begun.Version} stopped after {begun.StatementsDone} statements."), "Finish it.", begun.Remedy));
        if (pending.Count > 0)
            findings.Add(new("schema.pending", HealthStatus.Warning, $"Not applied: {string.Join(", ", pending)}.", "Apply them.", "threatlens migrate"));
        if (status.NeedsAdoption)
            findings.Add(new("schema.not_adopted", HealthStatus.Warning, $"Recorded by the original application and not checked yet: {string.Join(", ", status.Unadopted.Select(m => m.Version.Id))}.", "Adopt them.", "threatlens migrate"));
        if (changed.Count > 0)
            findings.Add(new("schema.changed", HealthStatus.Warning, $"Applied with another script than this service has: {string.Join(", ", changed)}.", "Find out which script is right."));

        return new HealthSection(Kind, findings.Count == 0 ? HealthStatus.Ok : findings.Max(f => f.Severity), Summary(status, pending.Count))
        {
            Figures =
            [
                new("current_version", status.CurrentVersion?.Id ?? ""),
                new("latest_version", status.LatestVersion?.Id ?? ""),
                new("pending", (double)pending.Count, "migrations"),
                new("can_take_metrics", status.CanTakeMetrics),
            ],
            Findings = findings,
            SampledAt = time.GetUtcNow(),
        };
    }

    private static string Summary(SchemaStatus status, int pending) =>
        !status.DatabaseExists ? "The database does not exist yet."
        : status.Unfinished is { } begun ? $"{begun.Version} is half {(begun.IsDown ? "undone" : "applied")}."
        : status.IsNewerThanService ? "The database is newer than this service."
        : pending > 0 ? $"At {status.CurrentVersion?.Id ?? "no version"}, {pending} pending."
        : status.NeedsAdoption ? $"At {status.CurrentVersion?.Id}, not adopted yet."
        : $"Up to date at {status.CurrentVersion?.Id}.";
}
