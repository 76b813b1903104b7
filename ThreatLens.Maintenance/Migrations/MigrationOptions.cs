using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>How migrations are planned and run. Configuration section <c>Maintenance:Migrations</c>.</summary>
public sealed class MigrationOptions
{
    /// <summary>
    /// Rows from which copying a table as a whole is an error of the linter (<c>rebuild-of-large-table</c>), since nothing else can be written
    /// meanwhile. 1 to 1,000,000,000; default 1,000,000.
    /// </summary>
    [Range(1, 1_000_000_000)]
    public long LargeTableRows { get; set; } = 1_000_000;
}
