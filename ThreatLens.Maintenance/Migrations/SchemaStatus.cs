using ThreatLens.Maintenance.Migrations.Stepwise;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>What the database's schema is, against what this service's migrations would make of it. A snapshot.</summary>
public sealed record SchemaStatus
{
    /// <summary>Whether the database file exists; without it every migration is pending.</summary>
    public required bool DatabaseExists { get; init; }

    /// <summary>The highest applied version that this service knows; null when none is.</summary>
    public required MigrationVersion? CurrentVersion { get; init; }

    /// <summary>The highest version this service knows; null when it knows none.</summary>
    public required MigrationVersion? LatestVersion { get; init; }

    /// <summary>Every version that this service knows or the history names, in order of number.</summary>
    public required IReadOnlyList<MigrationState> Migrations { get; init; }

    /// <summary>
    /// Whether the history names a version above the latest known one, other than a known-foreign one: a newer service
    /// has been here, and this one refuses to change anything.
    /// </summary>
    public required bool IsNewerThanService { get; init; }

    /// <summary>Whether <c>processing_metrics</c> is there with the columns that storing a metric needs.</summary>
    public required bool CanTakeMetrics { get; init; }

    /// <summary>A migration without a transaction that was begun and is not finished; null when there is none. Everything else waits for it.</summary>
    public UnfinishedMigration? Unfinished { get; init; }

    /// <summary>Whether every known version is applied and adopted, none is half undone, and the database is not newer than this service.</summary>
    public bool IsUpToDate => DatabaseExists && Unfinished is null && !IsNewerThanService && !NeedsAdoption && !Migrations.Any(m => m.State == MigrationStateKind.Pending);

    /// <summary>Whether Migrate has versions to adopt: known ones that the original application recorded, without a checksum.</summary>
    public bool NeedsAdoption => Unadopted.Any();

    /// <summary>The versions to adopt, in order of number.</summary>
    public IEnumerable<MigrationState> Unadopted => Migrations.Where(m => m is { State: MigrationStateKind.Applied, StoredChecksum: null });

    /// <summary>The known versions that are not applied, in order of number.</summary>
    public IEnumerable<MigrationState> Pending => Migrations.Where(m => m.State == MigrationStateKind.Pending);

    /// <summary>Whether this version is known and applied.</summary>
    /// <param name="version">A full version.</param>
    public bool IsApplied(MigrationVersion version) =>
        Migrations.Any(m => m.State == MigrationStateKind.Applied && m.Version.Id == version.Id);

    // Nothing applied is above it: later versions would have stopped its rollback.
    internal MigrationVersion? Below(MigrationVersion version) =>
        Migrations.LastOrDefault(m => m.State == MigrationStateKind.Applied && m.Version.CompareTo(version) < 0)?.Version;
}
