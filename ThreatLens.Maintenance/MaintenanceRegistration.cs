using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Alerting;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Health.Sections;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Integrity;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Planning;
using ThreatLens.Maintenance.Migrations.Rehearsal;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Optimization.Indexes;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Scheduling;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Maintenance.Statistics.History;
using ThreatLens.Maintenance.Statistics.Notifications;
using ThreatLens.Maintenance.Statistics.Processing;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance;

/// <summary>Adds the caretaker of the database to a host.</summary>
public static class MaintenanceRegistration
{
    /// <summary>
    /// Adds everything: the database of the connection string <c>threatlens</c>, migrations, operations, ingestion, health. Options are
    /// those of the configuration section <c>Maintenance</c>, validated at start.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <exception cref="MaintenanceException">The connection string or the provider is missing or cannot be used.</exception>
    public static IHostApplicationBuilder AddMaintenance(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddOptions<MaintenanceOptions>("Maintenance");
        builder.AddOptions<MigrationOptions>("Maintenance:Migrations");
        builder.AddOptions<IngestOptions>("Maintenance:Ingest");
        builder.AddOptions<BackupOptions>("Maintenance:Backups");
        builder.AddOptions<HealthOptions>("Maintenance:Health");
        builder.AddOptions<OptimizationOptions>("Maintenance:Optimization");
        builder.AddOptions<RetentionOptions>("Maintenance:Retention");
        builder.AddOptions<StatisticsOptions>("Maintenance:Statistics");
        builder.AddOptions<HistoryOptions>("Maintenance:History");
        builder.AddSqlite();
        builder.Services.AddMigrations().AddBackups().AddOperations().AddIngestion().AddRetention().AddIntegrity().AddHealth().AddOptimization().AddStatistics().AddAlerting();
        builder.Services.AddHostedService<MaintenanceService>();
        builder.AddScheduling();
        return builder;
    }

    private static void AddSqlite(this IHostApplicationBuilder builder)
    {
        var provider = builder.Configuration["Maintenance:Database:Provider"] ?? "Sqlite";
        if (!string.Equals(provider, "Sqlite", StringComparison.OrdinalIgnoreCase))
            throw Misconfigured($"Maintenance:Database:Provider is '{provider}'; this version has Sqlite only.");
        var connectionString = builder.Configuration.GetConnectionString("threatlens");
        if (string.IsNullOrWhiteSpace(connectionString))
            throw Misconfigured("The connection string 'threatlens' is missing; set ConnectionStrings__threatlens, for example to 'Data Source=/var/lib/threatlens/threatlens.db'.");

        var options = builder.Configuration.GetSection("Maintenance:Database").Get<SqliteDatabaseOptions>() ?? new SqliteDatabaseOptions();
        options.ConnectionString = connectionString;
        var database = new SqliteDatabase(options, TimeProvider.System);
        database.Slow.Threshold = (builder.Configuration.GetSection("Maintenance:Health").Get<HealthOptions>() ?? new HealthOptions()).SlowStatement;
        builder.Services.AddSingleton(database);
    }

    private static IServiceCollection AddMigrations(this IServiceCollection services) => services
        .AddSingleton(services => MigrationCatalog.Load(
            "Sqlite", services.GetRequiredService<IOptions<MigrationOptions>>().Value, Environment.CurrentDirectory))
        .AddSingleton<MigrationEngine>()
        .AddSingleton<StartupState>()
        .AddSingleton<ChangeSpace>()
        .AddSingleton<MigrationRehearsals>()
        .AddSingleton<SchemaPlans>()
        .AddSingleton<SchemaOperations>();

    private static IServiceCollection AddBackups(this IServiceCollection services) => services
        .AddSingleton<BackupDirectory>()
        .AddSingleton<BackupTaker>()
        .AddSingleton<BackupBeforeChange>()
        .AddSingleton<Restorer>()
        .AddSingleton<RestoreDrillStore>()
        .AddSingleton<RestoreDrill>()
        .AddSingleton<RestoreDrillOperations>()
        .AddSingleton<BackupOperations>();

    private static IServiceCollection AddOperations(this IServiceCollection services) => services
        .AddSingleton<ServiceSchema>()
        .AddSingleton<OperationStore>()
        .AddSingleton<OperationRunner>();

    private static IServiceCollection AddIngestion(this IServiceCollection services) => services
        .AddSingleton<WalCheckpointer>()
        .AddSingleton<IngestStatistics>()
        .AddSingleton<IngestWriter>()
        .AddSingleton<ProducerWindows>()
        .AddSingleton<UnreadAcknowledgements>()
        .AddSingleton<MonitoringConfigStore>()
        .AddSingleton<LogSourceStore>()
        .AddSingleton<IngestConfigurationFeed>()
        .AddSingleton<MonitoringOperations>()
        .AddSingleton<RollupCatchUp>()
        .AddSingleton<MetricReader>()
        .AddHostedService<RollupCatchUpService>();

    private static IServiceCollection AddRetention(this IServiceCollection services) => services
        .AddSingleton<HoldStore>()
        .AddSingleton<HoldCounter>()
        .AddSingleton<HoldOperations>()
        .AddSingleton<CleanupPlanner>()
        .AddSingleton<Cleaner>()
        .AddSingleton<CleanupOperations>();

    private static IServiceCollection AddIntegrity(this IServiceCollection services) => services
        .AddSingleton<IntegrityChecker>()
        .AddSingleton<IntegrityRecord>()
        .AddSingleton<IntegrityOperations>();

    private static IServiceCollection AddHealth(this IServiceCollection services) => services
        .AddSingleton<IntegrityMonitor>()
        .AddSingleton<CallErrors>()
        .AddSingleton(services => new HealthReporter(services.GetRequiredService<SqliteDatabase>(), services.GetServices<IHealthSectionSource>(), services.GetRequiredService<HealthHistory>(), services.GetRequiredService<TimeProvider>()))
        .AddSingleton<SharedReports>()
        .AddSingleton<HealthWatches>()
        .AddHealthSections()
        .AddHealthSamples();

    private static IServiceCollection AddHealthSections(this IServiceCollection services) => services
        .AddSingleton<DriftMemory>()
        .AddSingleton<BackupList>()
        .AddSingleton<ScheduleLook>()
        .AddSingleton<BudgetRoom>()
        .AddSingleton<IHealthSectionSource, SchemaSection>()
        .AddSingleton<IHealthSectionSource, IntegritySection>()
        .AddSingleton<IHealthSectionSource, StorageSection>()
        .AddSingleton<IHealthSectionSource, TablesSection>()
        .AddSingleton<IHealthSectionSource, IngestSection>()
        .AddSingleton<IHealthSectionSource, LogSourcesSection>()
        .AddSingleton<IHealthSectionSource, ProcessingSection>()
        .AddSingleton<IHealthSectionSource, NotificationsSection>()
        .AddSingleton<IHealthSectionSource, ErrorsSection>()
        .AddSingleton<IHealthSectionSource, PerformanceSection>()
        .AddSingleton<IHealthSectionSource, BackupsSection>()
        .AddSingleton<IHealthSectionSource, OperationsSection>()
        .AddSingleton<IHealthSectionSource, RetentionSection>();

    private static IServiceCollection AddHealthSamples(this IServiceCollection services) => services
        .AddSingleton<SourceRhythmStore>()
        .AddBackgroundSample<SourceRhythms>()
        .AddBackgroundSample<TableRows>()
        .AddBackgroundSample<LogSourceScan>()
        .AddBackgroundSample<OldestRows>()
        .AddBackgroundSample<QueryPlans>()
        .AddBackgroundSample<AdviceSample>()
        .AddHostedService<HealthSampling>();

    private static IServiceCollection AddBackgroundSample<T>(this IServiceCollection services)
        where T : class, IBackgroundSample => services.AddSingleton<T>().AddSingleton<IBackgroundSample>(services => services.GetRequiredService<T>());

    private static IServiceCollection AddOptimization(this IServiceCollection services) => services
        .AddSingleton<DatabaseSizeReader>()
        .AddSingleton<OptimizePlanner>()
        .AddSingleton<Optimizer>()
        .AddSingleton<OptimizeOperations>()
        .AddSingleton<IndexAdvisor>();

    private static IServiceCollection AddStatistics(this IServiceCollection services) => services
        .AddSingleton<ProcessingReader>()
        .AddSingleton<NotificationReader>()
        .AddSingleton<StatisticsSamples>()
        .AddSingleton<StatisticsSampler>()
        .AddHostedService(services => services.GetRequiredService<StatisticsSampler>())
        .AddSingleton<HealthSampleStore>()
        .AddSingleton<HealthHistory>()
        .AddSingleton<HealthVerdicts>()
        .AddSingleton(services => ActivatorUtilities.CreateInstance<HealthRecorder>(services, (Func<CancellationToken, HealthVerdict>)services.GetRequiredService<HealthVerdicts>().Judge))
        .AddHostedService(services => services.GetRequiredService<HealthRecorder>());

    private static IServiceCollection AddAlerting(this IServiceCollection services) => services
        // First: the report waits for nobody who holds the database, and the others are left out while somebody does.
        .AddSingleton<IAlertFigureSource, ReportFigures>()
        .AddSingleton<IAlertFigureSource, TrafficFigures>()
        .AddSingleton<IAlertFigureSource, StorageFigures>()
        .AddSingleton<IAlertFigureSource, SafetyFigures>()
        .AddSingleton<IAlertFigureSource, SchemaFigures>()
        .AddSingleton<IAlertFigureSource, OperationFigures>()
        .AddSingleton<IAlertFigureSource, LogSourceFigures>()
        .AddHostedService<AlertMetrics>();

    private static void AddScheduling(this IHostApplicationBuilder builder)
    {
        builder.AddOptions<SchedulingOptions>("Maintenance:Scheduling");
        builder.Services.AddSingleton<IValidateOptions<SchedulingOptions>, SchedulingOptionsValidation>()
            .AddSingleton<ScheduledWork>()
            .AddSingleton<ScheduleSet>()
            .AddSingleton<ScheduleStore>()
            .AddSingleton<ScheduleRuns>()
            .AddSingleton<ScheduleOperations>()
            // Stops before the service above: that waits for all operations, and this for their records.
            .AddHostedService<SchedulerService>();
    }

    private static OptionsBuilder<T> AddOptions<T>(this IHostApplicationBuilder builder, string section)
        where T : class => builder.Services.AddOptions<T>().Bind(builder.Configuration.GetSection(section)).ValidateDataAnnotations().ValidateOnStart();

    private static MaintenanceException Misconfigured(string message) => new(ErrorKind.FailedPrecondition, ErrorReasons.DatabaseConfigurationInvalid, message);
}
