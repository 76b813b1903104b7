namespace ThreatLens.Maintenance.Migrations;

/// <summary>How migrations that come late in the order are treated.</summary>
public enum MigrationOrder
{
    /// <summary>A pending version below an applied one is refused.</summary>
    Strict,

    /// <summary>It is applied, in version order among the pending ones.</summary>
    Allow,
}

/// <summary>What to migrate to, and for whom.</summary>
public sealed record MigrateCommand
{
    /// <summary>The version to reach, as a full version or a bare number; null for the latest.</summary>
    public string? TargetVersion { get; init; }

    /// <summary>How migrations that come late in the order are treated. Default <see cref="MigrationOrder.Strict"/>.</summary>
    public MigrationOrder Order { get; init; }

    /// <summary>The etag of a plan: it runs only if that plan still holds. Null: whatever is right now.</summary>
    public string? Etag { get; init; }

    /// <summary>Lint rules that may be broken, by name; see <see cref="Linting.LintRules"/>. Default: none but those that scripts allow themselves.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Who asked; stored in the history. Null when unknown.</summary>
    public string? AppliedBy { get; init; }

    /// <summary>The operation this run belongs to; stored in the history. Null when none.</summary>
    public string? OperationId { get; init; }

    /// <summary>Called once, just before the first change; what it throws prevents every change. Returns the name of the backup it took, or null.</summary>
    public Func<string?>? BeforeChange { get; init; }
}

/// <summary>What a run of Migrate did.</summary>
/// <param name="From">The current version before; null when none was applied.</param>
/// <param name="To">The current version after; null when none is applied.</param>
/// <param name="Applied">What was applied by this run, in order; empty when there was nothing to do.</param>
public sealed record MigrateResult(MigrationVersion? From, MigrationVersion? To, IReadOnlyList<AppliedMigration> Applied)
{
    /// <summary>
    /// The versions of the original application that this run adopted, in order; their statements are those that created what was missing.
    /// Empty when there was nothing to adopt.
    /// </summary>
    public IReadOnlyList<AppliedMigration> Adopted { get; init; } = [];

    /// <summary>Name of the backup taken first; null when none was.</summary>
    public string? BackupName { get; init; }

    /// <summary>Whether all that was applied was one transaction: that of an empty database.</summary>
    internal bool IsOneTransaction { get; init; }

    /// <summary>The longest transaction that a hook had to itself; zero without one.</summary>
    internal TimeSpan LongestHook { get; init; }
}

/// <summary>One migration that a run applied or undid.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Duration">From the begin of its transaction to the end of its commit.</param>
/// <param name="Statements">How many statements of its script ran.</param>
/// <param name="SkippedStatements">How many were not needed (a column that was already there, or already gone).</param>
public sealed record AppliedMigration(MigrationVersion Version, TimeSpan Duration, int Statements, int SkippedStatements);
