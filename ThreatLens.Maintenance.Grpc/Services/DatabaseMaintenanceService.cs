using Grpc.Core;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Planning;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Optimization.Indexes;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Scheduling;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Maintenance.Statistics.Notifications;
using ThreatLens.Maintenance.Statistics.Processing;
using ThreatLens.Maintenance.Statistics.Sampling;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

/// <summary>The contract's service: maps, calls, maps. One file per feature.</summary>
internal sealed partial class DatabaseMaintenanceService(
    SqliteDatabase database,
    MigrationEngine engine,
    SchemaOperations schema,
    SchemaPlans plans,
    OperationRunner runner,
    MonitoringConfigStore monitoring,
    MonitoringOperations monitoringOperations,
    LogSourceStore logSources,
    BackupOperations backups,
    BackupTaker backupTaker,
    BackupDirectory backupDirectory,
    Restorer restorer,
    RestoreDrill restoreDrill,
    RestoreDrillOperations restoreDrills,
    CleanupOperations cleanups,
    CleanupPlanner cleanupPlanner,
    HoldOperations holdOperations,
    HoldStore holds,
    HoldCounter holdCounter,
    HealthReporter health,
    MetricReader metrics,
    ProcessingReader processing,
    NotificationReader notifications,
    StatisticsSamples samples,
    OptimizePlanner optimizePlanner,
    OptimizeOperations optimizations,
    DatabaseSizeReader sizes,
    IndexAdvisor indexAdvisor,
    ScheduleOperations schedules,
    IHostApplicationLifetime lifetime,
    TimeProvider time) : DatabaseMaintenance.DatabaseMaintenanceBase
{
    /// <summary>Cancelled when the caller has gone, and when the service stops: nobody who waits may hold that up.</summary>
    private CancellationTokenSource UntilShutdown(ServerCallContext context) =>
        CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
}
