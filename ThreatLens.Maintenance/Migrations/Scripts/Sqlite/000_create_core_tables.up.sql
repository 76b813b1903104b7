-- threatlens: description Create the core tables for raw logs, events, analyses and reports

-- On a database of the original application these exist already and are adopted as they are.
CREATE TABLE IF NOT EXISTS raw_logs (
    id VARCHAR NOT NULL,
    content TEXT NOT NULL,
    source VARCHAR NOT NULL,
    ingested_at DATETIME,
    PRIMARY KEY (id)
);

CREATE TABLE IF NOT EXISTS events (
    id VARCHAR NOT NULL,
    raw_log_id VARCHAR NOT NULL,
    timestamp DATETIME NOT NULL,
    source VARCHAR NOT NULL,
    message TEXT NOT NULL,
    category VARCHAR NOT NULL,
    parsed_at DATETIME,
    PRIMARY KEY (id),
    FOREIGN KEY (raw_log_id) REFERENCES raw_logs (id)
);

CREATE TABLE IF NOT EXISTS ai_analysis (
    id VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    severity_score INTEGER NOT NULL,
    explanation TEXT NOT NULL,
    recommendations TEXT NOT NULL,
    analyzed_at DATETIME,
    PRIMARY KEY (id),
    CONSTRAINT severity_score_range CHECK (severity_score >= 1 AND severity_score <= 10),
    FOREIGN KEY (event_id) REFERENCES events (id)
);

CREATE TABLE IF NOT EXISTS reports (
    id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    file_path VARCHAR NOT NULL,
    generated_at DATETIME,
    PRIMARY KEY (id)
);

CREATE INDEX IF NOT EXISTS idx_events_timestamp ON events(timestamp);
CREATE INDEX IF NOT EXISTS idx_events_category ON events(category);
CREATE INDEX IF NOT EXISTS idx_events_timestamp_category ON events(timestamp, category);
CREATE INDEX IF NOT EXISTS idx_ai_analysis_severity ON ai_analysis(severity_score);
CREATE INDEX IF NOT EXISTS idx_reports_date ON reports(report_date);
