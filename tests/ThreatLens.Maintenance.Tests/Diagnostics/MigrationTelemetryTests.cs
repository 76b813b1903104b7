using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Tests.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Diagnostics;

public sealed class MigrationTelemetryTests : SqliteMigrationTestBase
{
    [Fact]
    public void Migrate_has_a_span_per_migration_and_one_per_statement_beneath()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "000" });
        using var recorder = new ActivityRecorder();

        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });

        var migration = recorder.Ended.Single(a => a.Kind == ActivityKind.Internal);
        Assert.Equal("migrate 001_add_realtime_tables", migration.DisplayName);
        Assert.Equal(recorder.Root.SpanId, migration.ParentSpanId);
        Assert.Equal(14, migration.GetTagItem("threatlens.migration.statements"));
        var statements = recorder.Ended.Where(a => a.ParentSpanId == migration.SpanId).ToList();
        Assert.Equal(
            [
                "BEGIN", "CREATE TABLE monitoring_config", "CREATE TABLE log_sources", "CREATE TABLE processing_metrics", "CREATE TABLE notification_history",
                "CREATE INDEX idx_log_sources_name", "CREATE INDEX idx_log_sources_path", "CREATE INDEX idx_log_sources_enabled",
                "CREATE INDEX idx_log_sources_status", "CREATE INDEX idx_processing_metrics_timestamp", "CREATE INDEX idx_processing_metrics_source",
                "CREATE INDEX idx_processing_metrics_type", "CREATE INDEX idx_notification_history_event", "CREATE INDEX idx_notification_history_status",
                "CREATE INDEX idx_notification_history_sent_at", "INSERT schema_migrations", "COMMIT",
            ],
            statements.Select(a => a.DisplayName));
        Assert.All(statements, a => Assert.Equal(ActivityKind.Client, a.Kind));
    }

    [Fact]
    public void Migrate_of_a_new_database_has_its_one_transaction_around_the_migrations()
    {
        using var recorder = new ActivityRecorder();

        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });

        var beneath = recorder.Ended.Where(a => a.ParentSpanId == recorder.Root.SpanId).Select(a => a.DisplayName);
        Assert.Equal(["BEGIN", "CREATE TABLE schema_migrations", "migrate 000_create_core_tables", "migrate 001_add_realtime_tables", "COMMIT"], beneath);
    }

    [Fact]
    public void Migrate_statement_span_follows_the_database_conventions()
    {
        using var recorder = new ActivityRecorder();

        Engine().Migrate(new MigrateCommand { TargetVersion = "000" });

        var span = recorder.Ended.Single(a => a.DisplayName == "CREATE INDEX idx_reports_date");
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["db.system.name"] = "sqlite",
                ["db.system"] = "sqlite",
                ["peer.service"] = "sqlite",
                ["db.namespace"] = "threatlens.db",
                ["db.operation.name"] = "CREATE INDEX",
                ["db.collection.name"] = "reports",
                ["db.query.summary"] = "CREATE INDEX idx_reports_date",
                ["db.query.text"] = "CREATE INDEX IF NOT EXISTS idx_reports_date ON reports(report_date);",
            },
            span.TagObjects.ToDictionary());
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public void Migrate_failure_marks_statement_and_migration()
    {
        var catalog = new MigrationCatalog([MigrationCatalogTests.Create("001_bad", "CREATE TABLE a (id INTEGER); DROP TABLE nowhere;")]);
        using var recorder = new ActivityRecorder();

        Assert.Throws<MaintenanceException>(() => Engine(catalog: catalog).Migrate(new MigrateCommand()));

        var failed = recorder.Ended.Where(a => a.Status == ActivityStatusCode.Error).ToList();
        Assert.Equal(["DROP TABLE nowhere", "migrate 001_bad"], failed.Select(a => a.DisplayName));
        Assert.Equal(["1", ErrorReasons.MigrationFailed], failed.Select(a => a.GetTagItem("error.type")));
        Assert.DoesNotContain(recorder.Ended, a => a.DisplayName == "COMMIT");
    }

    [Fact]
    public void Rollback_has_its_own_spans()
    {
        Engine().Migrate(new MigrateCommand());
        using var recorder = new ActivityRecorder();

        Engine().Rollback(new RollbackCommand());

        var span = recorder.Ended.Single(a => a.Kind == ActivityKind.Internal);
        Assert.Equal(("rollback 003_optimize_realtime_indexes", "down"), (span.DisplayName, span.GetTagItem("threatlens.migration.direction")));
        Assert.Contains(recorder.Ended, a => a.DisplayName == "DELETE schema_migrations" && a.ParentSpanId == span.SpanId);
    }

    [Fact]
    public void Migrate_records_the_duration_of_every_statement_in_seconds()
    {
        var values = new ConcurrentQueue<(double Value, Dictionary<string, object?> Tags)>();
        // A name of its own, since the meter is everybody's.
        var name = $"{Guid.NewGuid():N}.db";
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == MaintenanceDiagnostics.MeterName && instrument.Name == "db.client.operation.duration")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => values.Enqueue((value, new Dictionary<string, object?>(tags.ToArray()))));
        listener.Start();

        Engine($"Data Source={Folder.File(name)}").Migrate(new MigrateCommand { TargetVersion = "000" });

        var mine = values.Where(v => Equals(v.Tags["db.namespace"], name)).ToList();
        // BEGIN, the history's table, nine statements, the history row, COMMIT.
        Assert.Equal(13, mine.Count);
        Assert.All(mine, v => Assert.InRange(v.Value, 0, 60));
        Assert.Equal(5, mine.Count(v => Equals(v.Tags["db.operation.name"], "CREATE TABLE")));
        Assert.Contains(mine, v => Equals(v.Tags.GetValueOrDefault("db.collection.name"), "ai_analysis"));
    }

    [Fact]
    public void StatementDuration_has_the_conventions_unit_and_buckets()
    {
        Assert.Equal("s", MaintenanceMetrics.StatementDuration.Unit);
        Assert.Equal([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10], MaintenanceMetrics.StatementDuration.Advice?.HistogramBucketBoundaries);
    }
}
