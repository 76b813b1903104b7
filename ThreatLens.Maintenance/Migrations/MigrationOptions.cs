namespace ThreatLens.Maintenance.Migrations;

/// <summary>Where migrations come from. Configuration section <c>Maintenance:Migrations</c>.</summary>
public sealed class MigrationOptions
{
    /// <summary>
    /// Folder with scripts of the operator's own, applied like the product's: absolute, or relative to the content root (the working directory, unless
    /// the host says otherwise). Read once, at start. Default: none.
    /// </summary>
    public string? Path { get; set; }

    /// <summary>What <c>${name}</c> stands for in the folder's scripts, by name; names in any case. Default: none.</summary>
    public Dictionary<string, string> Placeholders { get; } = new(StringComparer.OrdinalIgnoreCase);
}
