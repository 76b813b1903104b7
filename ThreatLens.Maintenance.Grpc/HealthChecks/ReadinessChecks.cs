using Microsoft.Extensions.Diagnostics.HealthChecks;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.HealthChecks;

/// <summary>What /health and the gRPC health service say.</summary>
internal static class ReadinessChecks
{
    /// <summary>Checks with this tag speak for one gRPC service only and do not count for /health.</summary>
    private const string GrpcOnly = "grpc";
    private const string Database = "database";
    private const string Metrics = "metrics";

    /// <summary>Which check speaks for a gRPC service; the empty name is the whole server.</summary>
    public static readonly IReadOnlyDictionary<string, string> CheckOfService = new Dictionary<string, string>
    {
        [""] = Database,
        [DatabaseMaintenance.Descriptor.FullName] = Database,
        [MetricsIngest.Descriptor.FullName] = Metrics,
    };

    public static void AddReadinessChecks(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks()
            .AddCheck<StartupCheck>("startup")
            .AddCheck<DatabaseCheck>(Database)
            .AddCheck<SchemaCheck>("schema")
            .AddCheck<MetricsCheck>(Metrics, tags: [GrpcOnly]);
    }

    /// <summary>Unhealthy until start-up, its migration included, has finished.</summary>
    private sealed class StartupCheck(StartupState state) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) => Task.FromResult(
            state.IsFinished ? HealthCheckResult.Healthy("Start-up has finished.")
            : state.Failure is { } failure ? HealthCheckResult.Unhealthy($"Start-up could not finish ({failure.Reason}): {failure.Message}")
            : HealthCheckResult.Unhealthy("Start-up has not finished yet."));
    }

    /// <summary>Unhealthy while the database cannot be read.</summary>
    private sealed class DatabaseCheck(MigrationEngine engine) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
            Check(() => engine.GetStatus(cancellationToken), status => HealthCheckResult.Healthy(status.DatabaseExists ? "The database can be read." : "The database does not exist yet; Migrate creates it."), cancellationToken);
    }

    /// <summary>Degraded, not unhealthy, while the schema is behind: Migrate must stay reachable.</summary>
    private sealed class SchemaCheck(MigrationEngine engine) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) => Check(
            () => engine.GetStatus(cancellationToken),
            status => status.IsUpToDate
                ? HealthCheckResult.Healthy($"Up to date at {status.CurrentVersion?.Id}.")
                : HealthCheckResult.Degraded(status.IsNewerThanService
                    ? "The database is newer than this service."
                    : $"At {status.CurrentVersion?.Id ?? "no version"}; pending: {string.Join(", ", status.Pending.Select(m => m.Version.Id))}."),
            cancellationToken);
    }

    /// <summary>Unhealthy while metrics cannot be stored, as far as can be told without storing one, and after a group that could not be.</summary>
    private sealed class MetricsCheck(ServiceSchema schema, SqliteDatabase database, IngestWriter writer) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) => Check(
            () =>
            {
                database.RefuseReadOnly();
                return schema.RefuseNewer(cancellationToken);
            },
            status => !status.CanTakeMetrics ? HealthCheckResult.Unhealthy("The schema cannot take metrics; migrate it.")
                : writer.RecentFailure is { } failure ? HealthCheckResult.Unhealthy($"{failure.Reason}: {failure.Message}")
                : HealthCheckResult.Healthy("Metrics can be stored."),
            cancellationToken);
    }

    private static async Task<HealthCheckResult> Check(Func<SchemaStatus> look, Func<SchemaStatus, HealthCheckResult> judge, CancellationToken cancellationToken)
    {
        try
        {
            return judge(await Task.Run(look, cancellationToken));
        }
        catch (MaintenanceException e)
        {
            return HealthCheckResult.Unhealthy($"{e.Reason}: {e.Message}");
        }
    }
}
