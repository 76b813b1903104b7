using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>Changes of what ingest services watch, as operations; those services hear of them at once. Thread-safe.</summary>
public sealed class MonitoringOperations(MonitoringConfigStore configs, LogSourceStore sources, IngestConfigurationFeed feed, OperationRunner runner)
{
    /// <summary>Replaces the monitoring configuration as an operation.</summary>
    /// <param name="config">The new configuration, checked by the caller.</param>
    /// <param name="etag">What the caller believes to be stored; null: whatever is.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Errors.MaintenanceException">ETAG_MISMATCH, SCHEMA_NOT_READY, or it was refused or has failed.</exception>
    public Task<Operation> UpdateConfigAsync(MonitoringConfig config, string? etag, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.UpdateMonitoringConfig,
            Check = () => configs.Plan(config, etag),
            Run = context => configs.Update(config, etag, context.CancellationToken),
            Succeeded = _ => feed.Changed(),
        },
        request, cancellationToken);

    /// <summary>Switches a log source on or off as an operation.</summary>
    /// <param name="sourceName">Its name.</param>
    /// <param name="enabled">Whether it is to be watched.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Errors.MaintenanceException">LOG_SOURCE_NOT_FOUND, SCHEMA_NOT_READY, or it was refused or has failed.</exception>
    public Task<Operation> SetEnabledAsync(string sourceName, bool enabled, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.SetLogSourceEnabled,
            Check = () => sources.Get(sourceName),
            Run = context => sources.SetEnabled(sourceName, enabled, context.CancellationToken),
            Succeeded = _ => feed.Changed(),
        },
        request, cancellationToken);
}
