-- These tables hold what the product is for: they go only when there is nothing in them.
-- threatlens: refuse-if-rows raw_logs, events, ai_analysis, reports

DROP INDEX IF EXISTS idx_reports_date;
DROP INDEX IF EXISTS idx_ai_analysis_severity;
DROP INDEX IF EXISTS idx_events_timestamp_category;
DROP INDEX IF EXISTS idx_events_category;
DROP INDEX IF EXISTS idx_events_timestamp;

DROP TABLE IF EXISTS reports;
DROP TABLE IF EXISTS ai_analysis;
DROP TABLE IF EXISTS events;
DROP TABLE IF EXISTS raw_logs;
