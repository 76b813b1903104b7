using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Backups;

/// <summary>Where backups go and when they are taken. Configuration section <c>Maintenance:Backups</c>.</summary>
public sealed class BackupOptions
{
    /// <summary>
    /// Directory of the backups, created when the first one is taken; a relative path begins at the database's directory. Default:
    /// <c>backups</c>, beside the database. Empty means the default.
    /// </summary>
    public string Directory { get; set; } = "";

    /// <summary>How many backups are kept, the newest ones; older ones are removed after a new one is verified. 1 to 1000; default 5.</summary>
    [Range(1, 1000)]
    public int Keep { get; set; } = 5;

    /// <summary>Whether Migrate, Rollback and Repair take a backup first when they would change a database that holds rows. Default: yes.</summary>
    public bool BeforeChange { get; set; } = true;
}
