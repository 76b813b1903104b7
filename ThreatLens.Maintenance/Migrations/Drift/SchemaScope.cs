namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>
/// Which objects are the product's schema. Not among them: SQLite's own, the service's own tables, the history, and the tables that the original
/// application made beside its migrations (those of 004, which is known and foreign).
/// </summary>
internal static class SchemaScope
{
    private static readonly HashSet<string> Others = new(StringComparer.OrdinalIgnoreCase) { "schema_migrations", "users", "user_sessions", "audit_logs" };

    /// <summary>Whether this table or view, and what hangs on it, counts.</summary>
    public static bool Covers(string table) =>
        !Others.Contains(table)
        && !table.StartsWith("sqlite_", StringComparison.OrdinalIgnoreCase)
        && !table.StartsWith("maintenance_", StringComparison.OrdinalIgnoreCase);
}
