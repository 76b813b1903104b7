using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Health;

/// <summary>What one report is made of: one moment, and one snapshot of the database for all sections.</summary>
/// <param name="Now">The report's moment, UTC.</param>
/// <param name="Session">The snapshot; null: there is no database file, or <see cref="Unreadable"/>.</param>
internal sealed record HealthLook(DateTimeOffset Now, SqliteSession? Session)
{
    /// <summary>The snapshot's connection; null: as <see cref="Session"/>.</summary>
    public SqliteConnection? Connection => Session?.Connection;

    /// <summary>Why the database cannot be read; null: it can, or there is none.</summary>
    public MaintenanceException? Unreadable { get; init; }

    /// <summary>Whether there is no database file.</summary>
    public bool IsMissing => Session is null && Unreadable is null;

    /// <summary>Whether the database is there and has a table of that name.</summary>
    public bool HasTable(string name) => Session?.HasTable(name) == true;

    /// <summary>Puts a section together: the worst finding is its status, and without one <paramref name="otherwise"/>.</summary>
    public HealthSection Section(HealthSectionKind kind, string summary, IReadOnlyList<HealthFigure> figures, IReadOnlyList<HealthFinding> findings, HealthStatus otherwise = HealthStatus.Ok)
    {
        var worst = findings.Count == 0 ? HealthStatus.Ok : findings.Max(f => f.Severity);
        // A warning does not hide that something else was not looked at: both are in the report, and the worse one is the status.
        return new HealthSection(kind, worst > otherwise ? worst : otherwise, summary) { Figures = figures, Findings = findings, SampledAt = Now };
    }

    /// <summary>A section about which nothing is known, and why.</summary>
    public static HealthSection Unknown(HealthSectionKind kind, string why) => new(kind, HealthStatus.Unknown, why);

    /// <summary>A section of a database that is not there.</summary>
    public static HealthSection Missing(HealthSectionKind kind) => Unknown(kind, "The database does not exist yet.");

    /// <summary>A section that could not be read.</summary>
    public static HealthSection Unavailable(HealthSectionKind kind, MaintenanceException why)
    {
        var finding = Unavailable(why);
        return new HealthSection(kind, finding.Severity, why.Message) { Findings = [finding] };
    }

    /// <summary>
    /// That somebody holds the database says nothing of how well it is: it could not be looked at. Whatever else keeps it from being read was seen, and is critical.
    /// </summary>
    public static HealthFinding Unavailable(MaintenanceException why) => HealthRules.Unavailable.Broken(
        why.Reason == ErrorReasons.DatabaseLocked ? HealthStatus.Unknown : HealthStatus.Critical, $"{why.Reason}: {why.Message}");
}
