DROP INDEX IF EXISTS idx_notification_history_sent_at;
DROP INDEX IF EXISTS idx_notification_history_status;
DROP INDEX IF EXISTS idx_notification_history_event;

DROP INDEX IF EXISTS idx_processing_metrics_type;
DROP INDEX IF EXISTS idx_processing_metrics_source;
DROP INDEX IF EXISTS idx_processing_metrics_timestamp;

DROP INDEX IF EXISTS idx_log_sources_status;
DROP INDEX IF EXISTS idx_log_sources_enabled;
DROP INDEX IF EXISTS idx_log_sources_path;
DROP INDEX IF EXISTS idx_log_sources_name;

DROP TABLE IF EXISTS notification_history;
DROP TABLE IF EXISTS processing_metrics;
DROP TABLE IF EXISTS log_sources;
DROP TABLE IF EXISTS monitoring_config;
