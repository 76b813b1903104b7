-- threatlens: description Add optimized indexes for real-time monitoring performance

CREATE INDEX IF NOT EXISTS idx_events_timestamp_severity ON events(timestamp)
WHERE realtime_processed = 1;

CREATE INDEX IF NOT EXISTS idx_events_category_timestamp_realtime ON events(category, timestamp)
WHERE realtime_processed = 1;

CREATE INDEX IF NOT EXISTS idx_events_notification_queue ON events(realtime_processed, notification_sent, timestamp)
WHERE realtime_processed = 1 AND notification_sent = 0;

CREATE INDEX IF NOT EXISTS idx_log_sources_enabled_status ON log_sources(enabled, status);

CREATE INDEX IF NOT EXISTS idx_log_sources_last_monitored ON log_sources(last_monitored)
WHERE enabled = 1;

CREATE INDEX IF NOT EXISTS idx_processing_metrics_source_type_time ON processing_metrics(source_name, metric_type, timestamp);

CREATE INDEX IF NOT EXISTS idx_notification_history_type_status ON notification_history(notification_type, status);
CREATE INDEX IF NOT EXISTS idx_notification_history_channel_sent_at ON notification_history(channel, sent_at);

CREATE INDEX IF NOT EXISTS idx_notification_history_failed ON notification_history(event_id, sent_at)
WHERE status = 'failed';

CREATE INDEX IF NOT EXISTS idx_ai_analysis_severity_analyzed ON ai_analysis(severity_score, analyzed_at);
