namespace ThreatLens.Maintenance.Migrations;

/// <summary>What to undo, and for whom. At most one of <see cref="Version"/>, <see cref="ToVersion"/> and <see cref="Steps"/>; none means one step.</summary>
public sealed record RollbackCommand
{
    /// <summary>Undo exactly this version; refused while later versions are applied, unless <see cref="Cascade"/>.</summary>
    public string? Version { get; init; }

    /// <summary>With <see cref="Version"/>: also undo the applied versions above it, the highest first. Default false.</summary>
    public bool Cascade { get; init; }

    /// <summary>Undo every applied version above this one, which itself stays and must be applied.</summary>
    public string? ToVersion { get; init; }

    /// <summary>Undo this many applied versions, the highest first. 1 or more, and no more than are applied.</summary>
    public int? Steps { get; init; }

    /// <summary>The etag of a plan: it runs only if that plan still holds. Null: whatever is right now.</summary>
    public string? Etag { get; init; }

    /// <summary>Lint rules that may be broken, by name. Those about losing data need no permission here: <see cref="MaxValuesLost"/> confirms a loss.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Most values (non-null cells) that may be lost, 0 or more; null: none.</summary>
    public long? MaxValuesLost { get; init; }

    /// <summary>Who asked; for logs and traces. Null when unknown.</summary>
    public string? AppliedBy { get; init; }

    /// <summary>The operation this run belongs to; for logs and traces. Null when none.</summary>
    public string? OperationId { get; init; }

    /// <summary>Called once, just before the first change; what it throws prevents every change. Returns the name of the backup it took, or null.</summary>
    public Func<string?>? BeforeChange { get; init; }
}

/// <summary>What a run of Rollback did.</summary>
/// <param name="From">The current version before; null when none was applied.</param>
/// <param name="To">The current version after; null when none is applied.</param>
/// <param name="RolledBack">What was undone by this run, in the order it was undone.</param>
public sealed record RollbackResult(MigrationVersion? From, MigrationVersion? To, IReadOnlyList<AppliedMigration> RolledBack)
{
    /// <summary>Name of the backup taken first; null when none was.</summary>
    public string? BackupName { get; init; }

    /// <summary>Values (non-null cells) lost, counted within the transactions that lost them.</summary>
    public long ValuesLost { get; init; }

    /// <summary>The longest transaction that a hook had to itself; zero without one.</summary>
    internal TimeSpan LongestHook { get; init; }
}
