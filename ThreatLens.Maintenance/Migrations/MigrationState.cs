namespace ThreatLens.Maintenance.Migrations;

/// <summary>Where a version stands.</summary>
public enum MigrationStateKind
{
    /// <summary>Known to this service and recorded in the history.</summary>
    Applied,

    /// <summary>Known to this service and not recorded.</summary>
    Pending,

    /// <summary>Recorded by another tool for tables that are not ours; left alone.</summary>
    KnownForeign,

    /// <summary>Recorded, and this service does not know it.</summary>
    Unknown,
}

/// <summary>One version and where it stands.</summary>
public sealed record MigrationState
{
    /// <summary>The version.</summary>
    public required MigrationVersion Version { get; init; }

    /// <summary>The catalog's description; for versions it does not know, the history's.</summary>
    public required string Description { get; init; }

    /// <summary>Where it stands.</summary>
    public required MigrationStateKind State { get; init; }

    /// <summary>When it was applied (UTC); null when it is not, or when the history's text is not a timestamp.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>The checksum in the history; null when there is none, as in every row of the original application.</summary>
    public string? StoredChecksum { get; init; }

    /// <summary>The checksum of this service's script; null for versions it does not know.</summary>
    public string? ExpectedChecksum { get; init; }

    /// <summary>Whether the two agree; null when either is missing.</summary>
    public bool? ChecksumMatches =>
        StoredChecksum is null || ExpectedChecksum is null ? null : string.Equals(StoredChecksum, ExpectedChecksum, StringComparison.OrdinalIgnoreCase);
}
