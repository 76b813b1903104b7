namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>The schema as it is against the one recorded when it came to its current version.</summary>
/// <param name="Version">The current version; null when none is applied.</param>
/// <param name="Fingerprint">The fingerprint of the schema as it is: 64 hexadecimal digits.</param>
/// <param name="Recorded">The recorded fingerprint; null when there is none (no version, or one recorded before fingerprints were).</param>
public sealed record RecordedSchema(MigrationVersion? Version, string Fingerprint, string? Recorded)
{
    /// <summary>Whether the two are the same; null when nothing is recorded.</summary>
    public bool? IsAsRecorded => Recorded is null ? null : Recorded == Fingerprint;
}
