using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Where migrations come from, how they are planned and run. Configuration section <c>Maintenance:Migrations</c>.</summary>
public sealed class MigrationOptions
{
    /// <summary>
    /// Folder with scripts of the operator's own, applied like the product's: absolute, or relative to the working
    /// directory. Read once, at start. Default: none.
    /// </summary>
    public string? Path { get; set; }

    /// <summary>What <c>${name}</c> stands for in the folder's scripts, by name; names in any case. Default: none.</summary>
    public Dictionary<string, string> Placeholders { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Rows from which copying a table as a whole is an error of the linter (<c>rebuild-of-large-table</c>), since nothing else can be written
    /// meanwhile. 1 to 1,000,000,000; default 1,000,000.
    /// </summary>
    [Range(1, 1_000_000_000)]
    public long LargeTableRows { get; set; } = 1_000_000;
}
