using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Health;

/// <summary>What one report is made of: one moment, and one snapshot of the database for all sections.</summary>
/// <param name="Now">The report's moment, UTC.</param>
/// <param name="Session">The snapshot; null: there is no database file.</param>
internal sealed record HealthLook(DateTimeOffset Now, SqliteSession? Session)
{
    /// <summary>The snapshot's connection; null: there is no database file.</summary>
    public SqliteConnection? Connection => Session?.Connection;

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
}
