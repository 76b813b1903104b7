namespace ThreatLens.Maintenance.Migrations;

/// <summary>signatures</summary>
public sealed class MigrationCatalog
{
    /// <summary>x</summary>
    public MigrationCatalog(IEnumerable<Migration> migrations) => Migrations = [.. migrations];

    /// <summary>In order of their numbers.</summary>
    public IReadOnlyList<Migration> Migrations { get; }

    /// <summary>The highest version; null when the catalog is empty.</summary>
    public MigrationVersion? Latest => Migrations.Count == 0 ? null : Migrations[^1].Version;

    /// <summary>x</summary>
    public static MigrationCatalog LoadEmbedded(string provider) => throw new NotImplementedException();

    /// <summary>x</summary>
    public Migration Resolve(string version, string fieldName) => throw new NotImplementedException();
}
