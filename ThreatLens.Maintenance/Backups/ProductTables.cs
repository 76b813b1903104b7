namespace ThreatLens.Maintenance.Backups;

/// <summary>Which tables hold the product's data: all but SQLite's, the service's own and the history of migrations.</summary>
internal static class ProductTables
{
    public static bool Contains(string table) =>
        !table.StartsWith("sqlite_", StringComparison.OrdinalIgnoreCase)
        && !table.StartsWith("maintenance_", StringComparison.OrdinalIgnoreCase)
        && !table.Equals("schema_migrations", StringComparison.OrdinalIgnoreCase);
}
