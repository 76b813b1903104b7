namespace ThreatLens.Maintenance.Migrations;

/// <summary>signatures</summary>
public static class MigrationChecksum
{
    /// <summary>x</summary>
    public static string Compute(string upSql) => throw new NotImplementedException();
}
