namespace ThreatLens.Maintenance.Migrations;

/// <summary>One step of the schema, up and down.</summary>
/// <param name="Version">Its version; unique by number within a catalog.</param>
/// <param name="Description">One line for people; stored in the history.</param>
/// <param name="UpSql">The script that applies it.</param>
/// <param name="DownSql">The script that undoes it.</param>
/// <param name="Checksum">SHA-256 of the up script's meaning, 64 lower-case hex digits; see <see cref="MigrationChecksum"/>.</param>
public sealed record Migration(MigrationVersion Version, string Description, string UpSql, string DownSql, string Checksum);
