DROP INDEX IF EXISTS idx_events_notification_pending;
DROP INDEX IF EXISTS idx_events_severity_realtime;
DROP INDEX IF EXISTS idx_events_category_realtime;
DROP INDEX IF EXISTS idx_events_timestamp_realtime;
DROP INDEX IF EXISTS idx_events_processing_time;
DROP INDEX IF EXISTS idx_events_notification_sent;
DROP INDEX IF EXISTS idx_events_realtime_processed;

-- threatlens: drop-column-if-present
ALTER TABLE events DROP COLUMN notification_sent;
-- threatlens: drop-column-if-present
ALTER TABLE events DROP COLUMN realtime_processed;
-- threatlens: drop-column-if-present
ALTER TABLE events DROP COLUMN processing_time;
