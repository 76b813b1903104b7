
namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>What to repair, and for whom.</summary>
public sealed record RepairCommand
{
    /// <summary>Versions, full or as numbers, whose stored checksum is to be replaced by that of this service's script.</summary>
    public IReadOnlyList<string> RealignVersions { get; init; } = [];

    /// <summary>The etag of a plan: the repair runs only if that plan still holds. Null: whatever is right now.</summary>
    public string? Etag { get; init; }

    /// <summary>Called once, just before the first change; what it throws prevents every change. Returns the name of the backup it took, or null.</summary>
    public Func<string?>? BeforeChange { get; init; }
}

/// <summary>What a repair would do.</summary>
/// <param name="Differences">What it would mend.</param>
/// <param name="RealignedVersions">Versions whose checksum it would replace.</param>
/// <param name="Etag">Binds the schema as it is, the scripts and what would be done: 64 hexadecimal digits.</param>
public sealed record RepairPlan(IReadOnlyList<SchemaDifference> Differences, IReadOnlyList<string> RealignedVersions, string Etag)
{
    /// <summary>The statements it would run, in order.</summary>
    public IEnumerable<string> Statements => Differences.SelectMany(d => d.Remedy);

    /// <summary>Bytes that the backup before it would take; 0 when none would be taken.</summary>
    public long BackupBytes { get; init; }

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Differences.Count == 0 && RealignedVersions.Count == 0;

    internal static RepairPlan Create(string fingerprint, MigrationCatalog catalog, IReadOnlyList<SchemaDifference> differences, IReadOnlyList<string> realigned)
    {
        string[] bound = [fingerprint, .. catalog.Migrations.Select(m => m.Version.Id + m.Checksum), .. differences.SelectMany(d => d.Remedy), .. realigned];
        return new RepairPlan(differences, realigned, TextDigest.Of(string.Join('\0', bound)));
    }
}

/// <summary>What a repair did.</summary>
/// <param name="Mended">The differences it mended.</param>
/// <param name="RealignedVersions">Versions whose checksum it replaced.</param>
public sealed record RepairResult(IReadOnlyList<SchemaDifference> Mended, IReadOnlyList<string> RealignedVersions)
{
    /// <summary>Name of the backup taken first; null when none was.</summary>
    public string? BackupName { get; init; }
}
