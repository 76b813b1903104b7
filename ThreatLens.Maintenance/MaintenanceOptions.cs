namespace ThreatLens.Maintenance;

/// <summary>What the service does by itself. Configuration section <c>Maintenance</c>.</summary>
public sealed class MaintenanceOptions
{
    /// <summary>Whether pending migrations are applied at start-up. Default: in the environment Development only.</summary>
    public bool? MigrateOnStartup { get; set; }

    /// <summary>Which database.</summary>
    public DatabaseOptions Database { get; set; } = new();
}

/// <summary>Which database. Configuration section <c>Maintenance:Database</c>; the connection string is <c>ConnectionStrings:threatlens</c>.</summary>
public sealed class DatabaseOptions
{
    /// <summary>Database system. <c>Sqlite</c>, the default; <c>PostgreSql</c> is not available in this version.</summary>
    public string Provider { get; set; } = "Sqlite";
}
