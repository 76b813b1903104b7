namespace ThreatLens.Testing.Sqlite;

/// <summary>The schema of the original application's databases, as found in the field.</summary>
internal static class LegacySchema
{
    /// <summary>The history table of the original's migration tool.</summary>
    public const string History =
        """
        CREATE TABLE schema_migrations (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            version VARCHAR(50) UNIQUE NOT NULL,
            description TEXT NOT NULL,
            applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
            rollback_sql TEXT,
            checksum VARCHAR(64)
        );
        """;

    /// <summary>The tables of before real-time detection, and the one index that was there.</summary>
    public const string BeforeRealtime =
        $"""
        CREATE TABLE raw_logs (id VARCHAR NOT NULL, content TEXT NOT NULL, source VARCHAR NOT NULL, ingested_at DATETIME, PRIMARY KEY (id));
        CREATE TABLE events (id VARCHAR NOT NULL, raw_log_id VARCHAR NOT NULL, timestamp DATETIME NOT NULL, source VARCHAR NOT NULL,
            message TEXT NOT NULL, category VARCHAR NOT NULL, parsed_at DATETIME,
            PRIMARY KEY (id), FOREIGN KEY(raw_log_id) REFERENCES raw_logs (id));
        {Analyses}
        CREATE INDEX idx_events_timestamp ON events(timestamp);
        """;

    /// <summary>What the ORM created at start-up, ahead of its migrations: no defaults, no AUTOINCREMENT, DATETIME for TIMESTAMP.</summary>
    public const string Application =
        $"""
        CREATE TABLE raw_logs (id VARCHAR NOT NULL, content TEXT NOT NULL, source VARCHAR NOT NULL, ingested_at DATETIME, PRIMARY KEY (id));
        CREATE TABLE events (id VARCHAR NOT NULL, raw_log_id VARCHAR NOT NULL, timestamp DATETIME NOT NULL, source VARCHAR NOT NULL,
            message TEXT NOT NULL, category VARCHAR NOT NULL, parsed_at DATETIME,
            processing_time VARCHAR, realtime_processed INTEGER, notification_sent INTEGER,
            PRIMARY KEY (id), FOREIGN KEY(raw_log_id) REFERENCES raw_logs (id));
        {Analyses}
        CREATE TABLE users (id VARCHAR NOT NULL, username VARCHAR(255) NOT NULL, email VARCHAR(255), role VARCHAR(50) NOT NULL,
            PRIMARY KEY (id), UNIQUE (username), UNIQUE (email));
        CREATE TABLE user_sessions (id VARCHAR NOT NULL, user_id VARCHAR NOT NULL, session_token VARCHAR(255) NOT NULL, expires_at DATETIME NOT NULL,
            PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id), UNIQUE (session_token));
        CREATE TABLE audit_logs (id VARCHAR NOT NULL, event_type VARCHAR(100) NOT NULL, timestamp DATETIME, description TEXT NOT NULL, PRIMARY KEY (id));
        CREATE INDEX idx_events_timestamp ON events(timestamp);
        CREATE INDEX idx_events_category ON events(category);
        CREATE INDEX idx_events_timestamp_category ON events(timestamp, category);
        CREATE INDEX idx_ai_analysis_severity ON ai_analysis(severity_score);
        CREATE INDEX idx_reports_date ON reports(report_date);
        """;

    /// <summary>The tables of 001 in the ORM's spelling.</summary>
    public const string RealtimeTablesByOrm =
        """
        CREATE TABLE monitoring_config (id INTEGER NOT NULL, config_data TEXT NOT NULL, created_at DATETIME, updated_at DATETIME, PRIMARY KEY (id));
        CREATE TABLE log_sources (id INTEGER NOT NULL, source_name VARCHAR(255) NOT NULL, path VARCHAR(1000) NOT NULL, enabled INTEGER,
            last_monitored DATETIME, file_size INTEGER, last_offset INTEGER, status VARCHAR(50), error_message TEXT, created_at DATETIME,
            updated_at DATETIME, PRIMARY KEY (id), UNIQUE (source_name), UNIQUE (path));
        CREATE TABLE processing_metrics (id INTEGER NOT NULL, source_name VARCHAR(255) NOT NULL, metric_type VARCHAR(100) NOT NULL,
            metric_value VARCHAR NOT NULL, timestamp DATETIME, metric_metadata TEXT, PRIMARY KEY (id));
        CREATE TABLE notification_history (id INTEGER NOT NULL, event_id VARCHAR NOT NULL, notification_type VARCHAR(100) NOT NULL,
            channel VARCHAR(100) NOT NULL, status VARCHAR(50) NOT NULL, sent_at DATETIME, error_message TEXT,
            PRIMARY KEY (id), FOREIGN KEY(event_id) REFERENCES events (id));
        """;

    /// <summary>The tables of 001 as its SQL spells them.</summary>
    public const string RealtimeTablesByMigration =
        """
        CREATE TABLE monitoring_config (id INTEGER PRIMARY KEY AUTOINCREMENT, config_data TEXT NOT NULL,
            created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
        CREATE TABLE log_sources (id INTEGER PRIMARY KEY AUTOINCREMENT, source_name VARCHAR(255) UNIQUE NOT NULL, path VARCHAR(1000) UNIQUE NOT NULL,
            enabled INTEGER DEFAULT 1, last_monitored TIMESTAMP NULL, file_size INTEGER DEFAULT 0, last_offset INTEGER DEFAULT 0,
            status VARCHAR(50) DEFAULT 'inactive', error_message TEXT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
            updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
        CREATE TABLE processing_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, source_name VARCHAR(255) NOT NULL, metric_type VARCHAR(100) NOT NULL,
            metric_value TEXT NOT NULL, timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, metric_metadata TEXT NULL);
        CREATE TABLE notification_history (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id VARCHAR(255) NOT NULL, notification_type VARCHAR(100) NOT NULL,
            channel VARCHAR(100) NOT NULL, status VARCHAR(50) NOT NULL, sent_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, error_message TEXT NULL,
            FOREIGN KEY (event_id) REFERENCES events (id));
        """;

    /// <summary>The indexes of 001 and 002 that the original's runner created.</summary>
    public const string RealtimeIndexes =
        """
        CREATE INDEX idx_log_sources_name ON log_sources(source_name);
        CREATE INDEX idx_log_sources_path ON log_sources(path);
        CREATE INDEX idx_log_sources_enabled ON log_sources(enabled);
        CREATE INDEX idx_log_sources_status ON log_sources(status);
        CREATE INDEX idx_processing_metrics_timestamp ON processing_metrics(timestamp);
        CREATE INDEX idx_processing_metrics_source ON processing_metrics(source_name);
        CREATE INDEX idx_processing_metrics_type ON processing_metrics(metric_type);
        CREATE INDEX idx_notification_history_event ON notification_history(event_id);
        CREATE INDEX idx_notification_history_status ON notification_history(status);
        CREATE INDEX idx_notification_history_sent_at ON notification_history(sent_at);
        CREATE INDEX idx_events_realtime_processed ON events(realtime_processed);
        CREATE INDEX idx_events_notification_sent ON events(notification_sent);
        CREATE INDEX idx_events_processing_time ON events(processing_time);
        CREATE INDEX idx_events_timestamp_realtime ON events(timestamp, realtime_processed);
        CREATE INDEX idx_events_category_realtime ON events(category, realtime_processed);
        """;

    /// <summary>The indexes of 003 on the core tables.</summary>
    public const string OptimizedCoreIndexes =
        """
        CREATE INDEX idx_events_timestamp_severity ON events(timestamp) WHERE realtime_processed = 1;
        CREATE INDEX idx_events_category_timestamp_realtime ON events(category, timestamp) WHERE realtime_processed = 1;
        CREATE INDEX idx_events_notification_queue ON events(realtime_processed, notification_sent, timestamp)
        WHERE realtime_processed = 1 AND notification_sent = 0;
        CREATE INDEX idx_ai_analysis_severity_analyzed ON ai_analysis(severity_score, analyzed_at);
        """;

    /// <summary>The indexes of 003 on the tables of 001; a drifted database has lost these six.</summary>
    public const string OptimizedRealtimeIndexes =
        """
        CREATE INDEX idx_log_sources_enabled_status ON log_sources(enabled, status);
        CREATE INDEX idx_log_sources_last_monitored ON log_sources(last_monitored) WHERE enabled = 1;
        CREATE INDEX idx_processing_metrics_source_type_time ON processing_metrics(source_name, metric_type, timestamp);
        CREATE INDEX idx_notification_history_type_status ON notification_history(notification_type, status);
        CREATE INDEX idx_notification_history_channel_sent_at ON notification_history(channel, sent_at);
        CREATE INDEX idx_notification_history_failed ON notification_history(event_id, sent_at) WHERE status = 'failed';
        """;

    private const string Analyses =
        """
        CREATE TABLE ai_analysis (id VARCHAR NOT NULL, event_id VARCHAR NOT NULL, severity_score INTEGER NOT NULL, explanation TEXT NOT NULL,
            recommendations TEXT NOT NULL, analyzed_at DATETIME, PRIMARY KEY (id),
            CONSTRAINT severity_score_range CHECK (severity_score >= 1 AND severity_score <= 10), FOREIGN KEY(event_id) REFERENCES events (id));
        CREATE TABLE reports (id VARCHAR NOT NULL, report_date DATE NOT NULL, file_path VARCHAR NOT NULL, generated_at DATETIME, PRIMARY KEY (id));
        """;
}
