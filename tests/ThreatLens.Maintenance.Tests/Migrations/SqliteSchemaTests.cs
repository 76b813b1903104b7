using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>The schema that the scripts make, against the documented one, written down here a second time.</summary>
public sealed class SqliteSchemaTests : SqliteMigrationTestBase
{
    private static readonly string[] CoreIndexes =
    [
        "idx_ai_analysis_severity ON ai_analysis(severity_score)",
        "idx_events_category ON events(category)",
        "idx_events_timestamp ON events(timestamp)",
        "idx_events_timestamp_category ON events(timestamp, category)",
        "idx_reports_date ON reports(report_date)",
    ];

    private static readonly string[] TableIndexes =
    [
        "idx_log_sources_enabled ON log_sources(enabled)",
        "idx_log_sources_name ON log_sources(source_name)",
        "idx_log_sources_path ON log_sources(path)",
        "idx_log_sources_status ON log_sources(status)",
        "idx_notification_history_event ON notification_history(event_id)",
        "idx_notification_history_sent_at ON notification_history(sent_at)",
        "idx_notification_history_status ON notification_history(status)",
        "idx_processing_metrics_source ON processing_metrics(source_name)",
        "idx_processing_metrics_timestamp ON processing_metrics(timestamp)",
        "idx_processing_metrics_type ON processing_metrics(metric_type)",
    ];

    private static readonly string[] FieldIndexes =
    [
        "idx_events_category_realtime ON events(category, realtime_processed)",
        "idx_events_notification_pending ON events(id) WHERE realtime_processed = 1 AND notification_sent = 0",
        "idx_events_notification_sent ON events(notification_sent)",
        "idx_events_processing_time ON events(processing_time)",
        "idx_events_realtime_processed ON events(realtime_processed)",
        "idx_events_severity_realtime ON events(id) WHERE realtime_processed = 1",
        "idx_events_timestamp_realtime ON events(timestamp, realtime_processed)",
    ];

    private static readonly string[] OptimizedIndexes =
    [
        "idx_ai_analysis_severity_analyzed ON ai_analysis(severity_score, analyzed_at)",
        "idx_events_category_timestamp_realtime ON events(category, timestamp) WHERE realtime_processed = 1",
        "idx_events_notification_queue ON events(realtime_processed, notification_sent, timestamp) WHERE realtime_processed = 1 AND notification_sent = 0",
        "idx_events_timestamp_severity ON events(timestamp) WHERE realtime_processed = 1",
        "idx_log_sources_enabled_status ON log_sources(enabled, status)",
        "idx_log_sources_last_monitored ON log_sources(last_monitored) WHERE enabled = 1",
        "idx_notification_history_channel_sent_at ON notification_history(channel, sent_at)",
        "idx_notification_history_failed ON notification_history(event_id, sent_at) WHERE status = 'failed'",
        "idx_notification_history_type_status ON notification_history(notification_type, status)",
        "idx_processing_metrics_source_type_time ON processing_metrics(source_name, metric_type, timestamp)",
    ];

    [Fact]
    public void Schema_at_000_is_the_core()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "000" });

        Assert.Equal(["ai_analysis", "events", "raw_logs", "reports", "schema_migrations"], File.Tables());
        AssertColumns("raw_logs", "id VARCHAR not null key", "content TEXT not null", "source VARCHAR not null", "ingested_at DATETIME");
        AssertColumns(
            "events", "id VARCHAR not null key", "raw_log_id VARCHAR not null", "timestamp DATETIME not null", "source VARCHAR not null",
            "message TEXT not null", "category VARCHAR not null", "parsed_at DATETIME");
        AssertColumns(
            "ai_analysis", "id VARCHAR not null key", "event_id VARCHAR not null", "severity_score INTEGER not null", "explanation TEXT not null",
            "recommendations TEXT not null", "analyzed_at DATETIME");
        AssertColumns("reports", "id VARCHAR not null key", "report_date DATE not null", "file_path VARCHAR not null", "generated_at DATETIME");
        Assert.Equal(["raw_logs|raw_log_id|id"], ForeignKeys("events"));
        Assert.Equal(["events|event_id|id"], ForeignKeys("ai_analysis"));
        AssertIndexes(CoreIndexes);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void Schema_severity_score_is_from_1_to_10(int score, bool accepted)
    {
        Engine().Migrate(new MigrateCommand());

        var error = Record.Exception(() => File.Execute(
            $"INSERT INTO ai_analysis (id, event_id, severity_score, explanation, recommendations) VALUES ('a', 'e', {score}, '', '')"));

        Assert.Equal(accepted, error is null);
    }

    [Fact]
    public void Schema_at_001_has_the_monitoring_tables()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });

        Assert.Equal(
            ["ai_analysis", "events", "log_sources", "monitoring_config", "notification_history", "processing_metrics", "raw_logs", "reports", "schema_migrations"],
            File.Tables());
        AssertColumns(
            "monitoring_config", "id INTEGER key", "config_data TEXT not null",
            "created_at TIMESTAMP default CURRENT_TIMESTAMP", "updated_at TIMESTAMP default CURRENT_TIMESTAMP");
        AssertColumns(
            "log_sources", "id INTEGER key", "source_name VARCHAR(255) not null", "path VARCHAR(1000) not null", "enabled INTEGER default 1",
            "last_monitored TIMESTAMP", "file_size INTEGER default 0", "last_offset INTEGER default 0", "status VARCHAR(50) default 'inactive'",
            "error_message TEXT", "created_at TIMESTAMP default CURRENT_TIMESTAMP", "updated_at TIMESTAMP default CURRENT_TIMESTAMP");
        AssertColumns(
            "processing_metrics", "id INTEGER key", "source_name VARCHAR(255) not null", "metric_type VARCHAR(100) not null",
            "metric_value TEXT not null", "timestamp TIMESTAMP default CURRENT_TIMESTAMP", "metric_metadata TEXT");
        AssertColumns(
            "notification_history", "id INTEGER key", "event_id VARCHAR(255) not null", "notification_type VARCHAR(100) not null",
            "channel VARCHAR(100) not null", "status VARCHAR(50) not null", "sent_at TIMESTAMP default CURRENT_TIMESTAMP", "error_message TEXT");
        Assert.Equal(["events|event_id|id"], ForeignKeys("notification_history"));
        Assert.Equal(
            ["path", "source_name"],
            File.Lines("SELECT i.name FROM pragma_index_list('log_sources') l JOIN pragma_index_info(l.name) i WHERE l.origin = 'u' ORDER BY i.name"));
        AssertIndexes(CoreIndexes, TableIndexes);
    }

    [Theory]
    [InlineData("monitoring_config")]
    [InlineData("log_sources")]
    [InlineData("processing_metrics")]
    [InlineData("notification_history")]
    [InlineData("schema_migrations")]
    public void Schema_ids_are_never_used_twice(string table)
    {
        Engine().Migrate(new MigrateCommand());

        Assert.Contains("AUTOINCREMENT", (string)File.Scalar($"SELECT sql FROM sqlite_master WHERE name = '{table}'")!, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_at_002_has_three_more_columns_on_events()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "002" });

        AssertColumns(
            "events", "id VARCHAR not null key", "raw_log_id VARCHAR not null", "timestamp DATETIME not null", "source VARCHAR not null",
            "message TEXT not null", "category VARCHAR not null", "parsed_at DATETIME",
            "processing_time VARCHAR(50)", "realtime_processed INTEGER default 0", "notification_sent INTEGER default 0");
        AssertIndexes(CoreIndexes, TableIndexes, FieldIndexes);
    }

    [Fact]
    public void Schema_at_003_has_the_optimized_indexes()
    {
        Engine().Migrate(new MigrateCommand());

        AssertIndexes(CoreIndexes, TableIndexes, FieldIndexes, OptimizedIndexes);
    }

    [Fact]
    public void Schema_history_is_the_originals_with_columns_behind_it()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "000" });

        AssertColumns(
            "schema_migrations", "id INTEGER key", "version VARCHAR(50) not null", "description TEXT not null",
            "applied_at TIMESTAMP default CURRENT_TIMESTAMP", "rollback_sql TEXT", "checksum VARCHAR(64)",
            "execution_ms INTEGER", "applied_by TEXT", "operation_id TEXT", "fingerprint_before VARCHAR(64)", "fingerprint_after VARCHAR(64)");
        Assert.Equal(
            ["version"],
            File.Lines("SELECT i.name FROM pragma_index_list('schema_migrations') l JOIN pragma_index_info(l.name) i WHERE l.\"unique\" = 1"));
    }

    private void AssertColumns(string table, params string[] expected) => Assert.Equal(expected, File.Lines(
        $"""
        SELECT name || ' ' || type || iif("notnull", ' not null', '') || iif(dflt_value IS NULL, '', ' default ' || dflt_value) || iif(pk, ' key', '')
        FROM pragma_table_xinfo('{table}') ORDER BY cid
        """));

    private IReadOnlyList<string> ForeignKeys(string table) =>
        File.Lines($"SELECT \"table\", \"from\", \"to\" FROM pragma_foreign_key_list('{table}')");

    private void AssertIndexes(params string[][] expected) => Assert.Equal(
        expected.SelectMany(e => e).Order(StringComparer.Ordinal),
        File.Lines("SELECT replace(substr(sql, length('CREATE INDEX ') + 1), char(10), ' ') FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"));
}
