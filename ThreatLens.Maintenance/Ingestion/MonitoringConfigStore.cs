using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>The monitoring configuration in <c>monitoring_config</c>: the row with the highest id counts. Thread-safe.</summary>
public sealed class MonitoringConfigStore(SqliteDatabase database, TimeProvider time, ILogger<MonitoringConfigStore> logger)
{
    /// <summary>What is in force.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read, or has no such table.</exception>
    public StoredMonitoringConfig Read() => SqliteSession.Read(database, "reading the monitoring configuration", session => Interpret(Row(session)));

    /// <summary>Replaces it. Settings that this service does not interpret stay as they are stored.</summary>
    /// <param name="config">The new configuration, checked by the caller.</param>
    /// <param name="etag">What the caller believes to be stored; null: whatever is.</param>
    /// <param name="cancellationToken">Gives up waiting for other writers.</param>
    /// <exception cref="MaintenanceException">ETAG_MISMATCH, or the database cannot be written.</exception>
    public StoredMonitoringConfig Update(MonitoringConfig config, string? etag, CancellationToken cancellationToken) =>
        SqliteSession.Write(database, "storing the monitoring configuration", session => Update(session, config, etag), cancellationToken);

    /// <summary>What an update would replace and store; nothing is written.</summary>
    /// <inheritdoc cref="Update(MonitoringConfig, string?, CancellationToken)"/>
    public (MonitoringConfig Before, MonitoringConfig After) Plan(MonitoringConfig config, string? etag)
    {
        var stored = Read();
        RequireEtag(stored, etag);
        return (stored.Config, config with { OtherSettings = stored.Config.OtherSettings });
    }

    private StoredMonitoringConfig Update(SqliteSession session, MonitoringConfig config, string? etag)
    {
        var row = Row(session);
        var stored = Interpret(row);
        RequireEtag(stored, etag);
        var json = (config with { OtherSettings = stored.Config.OtherSettings }).ToJson();
        var now = SqliteTimestamp.Format(time.GetUtcNow());
        if (row is { } existing)
        {
            session.Execute(
                "UPDATE monitoring_config SET config_data = $json, updated_at = $now WHERE id = $id", ("$json", json), ("$now", now), ("$id", existing.Id));
        }
        else
        {
            session.Execute("INSERT INTO monitoring_config(config_data, created_at, updated_at) VALUES ($json, $now, $now)", ("$json", json), ("$now", now));
        }

        return Interpret(Row(session));
    }

    private static void RequireEtag(StoredMonitoringConfig stored, string? etag)
    {
        if (etag is not null && etag != stored.Etag)
            throw new MaintenanceException(ErrorKind.Aborted, ErrorReasons.EtagMismatch, "etag: the monitoring configuration was changed since it was read; read it again.") { Field = "etag" };
    }

    private static (long Id, string Json, string? UpdatedAt)? Row(SqliteSession session)
    {
        LogSourceStore.RequireTable(session, "monitoring_config");
        var rows = session.Query(
            "SELECT id, config_data, updated_at FROM monitoring_config ORDER BY id DESC LIMIT 1",
            row => (row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2)));
        return rows.Count == 0 ? null : rows[0];
    }

    private StoredMonitoringConfig Interpret((long Id, string Json, string? UpdatedAt)? row)
    {
        if (row is not { } stored)
            return new StoredMonitoringConfig(MonitoringConfig.Default, Hash(""), null);
        var etag = Hash($"{stored.Id}\n{stored.UpdatedAt}\n{stored.Json}");
        DateTimeOffset? updated = SqliteTimestamp.TryParse(stored.UpdatedAt, out var at) ? at : null;
        try
        {
            return new StoredMonitoringConfig(MonitoringConfig.Parse(stored.Json), etag, updated);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            Log.StoredConfigurationInvalid(logger, e);
            return new StoredMonitoringConfig(MonitoringConfig.Default, etag, null);
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
}
