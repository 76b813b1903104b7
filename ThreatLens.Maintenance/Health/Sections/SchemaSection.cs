using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Whether the schema is what this service needs.</summary>
internal sealed class SchemaSection(MigrationCatalog catalog, DriftMemory drift) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Schema;

    public HealthSection Look(HealthLook look)
    {
        var status = look.Connection is { } connection ? SchemaStatusReader.Read(connection, catalog) : SchemaStatusReader.OfMissingDatabase(catalog);
        var differences = look.Session is null ? null : drift.Get(look.Session, status);
        var pending = status.Pending.Select(m => m.Version.Id).ToList();
        List<HealthFinding> findings = [.. History(status, pending), .. Drift(differences ?? [])];
        return look.Section(
            Kind, Summary(status, pending.Count, differences),
            [
                new("current_version", status.CurrentVersion?.Id ?? ""),
                new("latest_version", status.LatestVersion?.Id ?? ""),
                HealthFigure.Count("pending", pending.Count, "migrations"),
                HealthFigure.Count("differences", differences?.Count, "objects"),
                new("can_take_metrics", status.CanTakeMetrics),
            ],
            findings,
            status.DatabaseExists ? HealthStatus.Ok : HealthStatus.Unknown);
    }

    private static IEnumerable<HealthFinding> History(SchemaStatus status, List<string> pending)
    {
        if (status.IsNewerThanService)
            yield return HealthRules.Newer.Fail("The database was changed by a newer version of this service.");
        if (status.Unfinished is { } begun)
            yield return HealthRules.Unfinished.Fail(FormattableString.Invariant($"{(begun.IsDown ? "Undoing" : "Applying")} {begun.Version} stopped after {begun.StatementsDone} statements."), command: begun.Remedy) with { Rpc = begun.IsDown ? "Rollback" : "Migrate" };
        if (pending.Count > 0)
            yield return HealthRules.Pending.Warn($"Not applied: {string.Join(", ", pending)}.");
        if (status.NeedsAdoption)
            yield return HealthRules.NotAdopted.Warn($"Recorded by the original application and not checked yet: {string.Join(", ", status.Unadopted.Select(m => m.Version.Id))}.");
        var changed = status.Migrations.Where(m => m.ChecksumMatches == false).Select(m => m.Version.Id).ToList();
        if (changed.Count > 0)
            yield return HealthRules.Changed.Warn($"Applied with another script than this service has: {string.Join(", ", changed)}.", command: $"threatlens repair --realign {string.Join(" --realign ", changed.Select(CommandWord.Quote))}");
    }

    private static IEnumerable<HealthFinding> Drift(IReadOnlyList<Migrations.Drift.SchemaDifference> differences)
    {
        foreach (var (rule, those) in new[] { (HealthRules.Drift, differences.Where(d => d.IsMendable).ToList()), (HealthRules.DriftByHand, [.. differences.Where(d => !d.IsMendable)]) })
        {
            if (those.Count > 0)
                yield return rule.Broken(those.Exists(d => d.Severity == Migrations.Drift.SchemaDifferenceSeverity.Error) ? HealthStatus.Critical : HealthStatus.Warning, $"{string.Join("; ", those)}.");
        }
    }

    private static string Summary(SchemaStatus status, int pending, IReadOnlyList<Migrations.Drift.SchemaDifference>? differences) =>
        !status.DatabaseExists ? "The database does not exist yet."
        : status.Unfinished is { } begun ? $"{begun.Version} is half {(begun.IsDown ? "undone" : "applied")}."
        : status.IsNewerThanService ? "The database is newer than this service."
        : pending > 0 ? $"At {status.CurrentVersion?.Id ?? "no version"}, {pending} pending."
        : status.NeedsAdoption ? $"At {status.CurrentVersion?.Id}, not adopted yet."
        : differences?.Count > 0 ? $"At {status.CurrentVersion?.Id}, and {differences.Count} objects are not as it makes them."
        : $"Up to date at {status.CurrentVersion?.Id}.";
}
