-- threatlens: description Add real-time processing fields to events table and create performance indexes

-- Databases that the original application created have some or all of the columns already.
-- threatlens: add-column-if-missing
ALTER TABLE events ADD COLUMN processing_time VARCHAR(50);
-- threatlens: add-column-if-missing
ALTER TABLE events ADD COLUMN realtime_processed INTEGER DEFAULT 0;
-- threatlens: add-column-if-missing
ALTER TABLE events ADD COLUMN notification_sent INTEGER DEFAULT 0;

CREATE INDEX IF NOT EXISTS idx_events_realtime_processed ON events(realtime_processed);
CREATE INDEX IF NOT EXISTS idx_events_notification_sent ON events(notification_sent);
CREATE INDEX IF NOT EXISTS idx_events_processing_time ON events(processing_time);

CREATE INDEX IF NOT EXISTS idx_events_timestamp_realtime ON events(timestamp, realtime_processed);
CREATE INDEX IF NOT EXISTS idx_events_category_realtime ON events(category, realtime_processed);

CREATE INDEX IF NOT EXISTS idx_events_severity_realtime ON events(id)
WHERE realtime_processed = 1;

CREATE INDEX IF NOT EXISTS idx_events_notification_pending ON events(id)
WHERE realtime_processed = 1 AND notification_sent = 0;
