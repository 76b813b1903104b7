namespace ThreatLens.Maintenance.Migrations;

/// <summary>One step of the schema, up and down.</summary>
/// <param name="Version">Its version; unique by number within a catalog.</param>
/// <param name="Description">One line for people; stored in the history.</param>
/// <param name="UpSql">The script that applies it.</param>
/// <param name="DownSql">The script that undoes it.</param>
/// <param name="Checksum">SHA-256 of the up script's meaning, 64 lower-case hex digits; see <see cref="MigrationChecksum"/>.</param>
public sealed record Migration(MigrationVersion Version, string Description, string UpSql, string DownSql, string Checksum)
{
    /// <summary>A migration from its two scripts; description and checksum are taken from the up script.</summary>
    /// <param name="version">Its full version.</param>
    /// <param name="upSql">The script that applies it. Its first line may be <c>-- threatlens: description TEXT</c>; without it the name is the description.</param>
    /// <param name="downSql">The script that undoes it.</param>
    /// <exception cref="Errors.MaintenanceException">MIGRATION_INVALID: the up script cannot be taken apart.</exception>
    public static Migration Create(MigrationVersion version, string upSql, string downSql)
    {
        var up = MigrationScript.Parse(version.Id + ScriptFiles.UpEnding, upSql);
        return new Migration(version, up.Description ?? DescriptionOf(version), upSql, downSql, MigrationChecksum.Compute(upSql));
    }

    /// <summary>What a migration is described by that does not describe itself.</summary>
    internal static string DescriptionOf(MigrationVersion version) => version.Name.Replace('_', ' ');
}
