namespace ThreatLens.Maintenance.Optimization;

/// <summary>What to optimize.</summary>
public sealed record OptimizeCommand
{
    /// <summary>Rewrite the whole file (VACUUM), with writers kept out meanwhile. Default: no.</summary>
    public bool FullVacuum { get; init; }

    /// <summary>Switch the file to auto_vacuum=INCREMENTAL, which takes one rewrite where it is NONE. Default: no.</summary>
    public bool EnableIncrementalVacuum { get; init; }

    /// <summary>The etag of a plan: runs only if that plan still holds. Null: whatever is right now.</summary>
    public string? Etag { get; init; }
}
