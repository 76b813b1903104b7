namespace ThreatLens.Testing.Sqlite;

/// <summary>
/// Rows to count in a migrated database: many, and odd ones. With conditions in SQL that tell what each is, and share nothing with the service. The window that the odd ones are about is
/// 2026-10-31 12:00 to 2026-11-01 12:00.
/// </summary>
public static class OddRows
{
    /// <summary>Twenty thousand events, notifications and metrics of three days, in three shapes of times and no order.</summary>
    public const string Many =
        """
        BEGIN;
        CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n;
        INSERT INTO events(id, raw_log_id, timestamp, source, message, category, processing_time, realtime_processed, notification_sent)
            SELECT 'e' || i, 'r', strftime(CASE i % 3 WHEN 0 THEN '%Y-%m-%d %H:%M:%f123' WHEN 1 THEN '%Y-%m-%d %H:%M:%S' ELSE '%Y-%m-%dT%H:%M:%f456' END, '2026-10-29 12:00:00', (i * 7919 % 259200) || ' seconds'), 's', 'm', 'c',
                CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'n/a' WHEN 3 THEN '0.25' ELSE i || '' END, CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN 0 ELSE 1 END, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 0 ELSE 1 END FROM n;
        INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at)
            SELECT 'e' || i, CASE i % 2 WHEN 0 THEN 'digest' ELSE 'alert' END, CASE i % 3 WHEN 0 THEN 'email' ELSE 'slack' END, CASE i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'pending' WHEN 2 THEN 'odd' ELSE 'sent' END,
                strftime(CASE i % 2 WHEN 0 THEN '%Y-%m-%d %H:%M:%S' ELSE '%Y-%m-%dT%H:%M:%S' END, '2026-10-29 12:00:00', (i * 104729 % 259200) || ' seconds') FROM n;
        INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's' || (i % 3), 't', '1', '2026-10-30T00:00:00' FROM n;
        COMMIT;
        """;

    /// <summary>Times at the window's ends, to come, of all shapes and none; values that are none, huge or negative; names beyond ASCII. The window is 2026-10-31 to 2026-11-01, noon.</summary>
    public const string Odd =
        """
        BEGIN;
        CREATE TEMP TABLE stamps AS SELECT column1 AS at FROM (VALUES
            ('2026-10-31 12:00:00'), ('2026-10-31T12:00:00'), ('2026-10-31 12:00:00.000000'), ('2026-10-31T12:00:00Z'), ('2026-10-31 11:59:59.999999'), ('2026-10-31T11:59:59.9999999'), ('2026-10-31 11:59:59Z'),
            ('2026-11-01 11:59:59.999999'), ('2026-11-01T11:59:59.999999'), ('2026-11-01 11:59:59.999999Z'), ('2026-11-01 12:00:00'), ('2026-11-01T12:00:00.000000'), ('2026-11-01 12:00:00Z'), ('2026-11-01 12:00:00.000001'),
            ('2026-11-01 12:00:01'), ('2026-11-02 00:00:00'), ('2026-11-01T23:59:59'), ('2027-06-01 00:00:00'), ('9999-12-31 23:59:59.999999'), ('1970-01-01T00:00:00.5'),
            ('2026-10-31 18:00:00.1'), ('2026-10-31T18:00:00.1234567'), ('2026-10-31 18:00:00+02:00'), ('2026-10-31T18:00:00-03:30'), ('2026-10-31 99:00:00'), ('2026-10-31 18:61:00'), ('2026-10-31'), ('2026-10-31 18:00'),
            ('20junk'), ('n/a'), (''), (' '), (1793534400), (-1), (1e300));
        INSERT INTO events(id, raw_log_id, timestamp, source, message, category, processing_time, realtime_processed, notification_sent)
            SELECT 'at' || rowid, 'r', at, 's', 'm', 'c', NULL, 1, rowid % 2 FROM stamps;
        INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) SELECT 'e', 'odd times', 'email', iif(rowid % 3 = 0, 'failed', 'sent'), at FROM stamps UNION ALL SELECT 'e', 'odd times', 'email', 'sent', NULL;
        INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's', 't', '1', at FROM stamps WHERE at > '2026' UNION ALL SELECT 's', 't', '1', NULL;
        INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2026-10-20T00:00:00.000001'), ('s', 't', '1', '2026-10-20 00:00:01'), ('s', 't', '1', '20junk');
        INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp, metric_metadata) SELECT 'größe', 'wert', column1, '2026-10-31 18:00:0' || (rowid % 4) || '.5', iif(rowid % 2, '{"n": 1}', NULL) FROM (
            SELECT row_number() OVER () AS rowid, column1 FROM (VALUES ('1'), ('-7'), ('2.5'), ('{"value": 4}'), ('{"value": "4"}'), ('"13.7"'), ('true'), ('1e999'), ('not json'), (''), ('1099511627776'), ('{"value": -0.25, "unit": "s"}'), ('[1]')));
        CREATE TEMP TABLE times AS SELECT 'number' AS kind, column1 AS time FROM (VALUES (' 7 '), ('1e-3'), ('+5'), ('.5'), ('0'), ('000.25'), ('315576000000'), (12.5), (3))
            UNION ALL SELECT 'junk', column1 FROM (VALUES ('-0.001'), ('-1'), (-7), ('99999999999999999999'), ('315576000001'), ('1.2.3'), ('0x10'), ('1,5'), ('1 000'), ('∞'), ('٣'), ('NaN'), ('Infinity'), ('1e999'), ('0.5s'), (' '), (x'37'));
        INSERT INTO events(id, raw_log_id, timestamp, source, message, category, processing_time, realtime_processed, notification_sent)
            SELECT kind || rowid, 'r', '2026-10-31 18:00:00', 's', 'größe 日本 🚨', 'c', time, 1, NULL FROM times;
        INSERT INTO events(id, raw_log_id, timestamp, source, message, category, realtime_processed, notification_sent) VALUES
            ('p1', 'r', '2026-10-31 18:00:00', 's', 'm', 'c', 2, 0), ('p2', 'r', '2026-10-31 18:00:00', 's', 'm', 'c', -1, 0), ('p3', 'r', '2026-10-31 18:00:00', 's', 'm', 'c', 'yes', 0), ('p4', 'r', '2026-10-31 18:00:00', 's', 'm', 'c', 0.5, 0),
            ('p5', 'r', '2026-10-31 18:00:00', 's', 'm', 'c', '1', '0'), ('p6', 'r', '2026-10-31 18:00:00', 's', 'm', 'c', 1.0, 'no'), ('p7', 'r', '2026-10-31 18:00:00', 's', 'm', 'c', 1, -1), ('p8', 'r', '2026-10-31 18:00:00', 's', 'm', 'c', NULL, NULL),
            ('p9', 'r', '2026-10-31 18:00:00', 's', 'm', 'c', 9223372036854775807, 0);
        INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) VALUES
            ('e', 'größe 日本', 'kanal 🚨', 'sent', '2026-10-31 18:00:00'), ('e', 'größe 日本', 'kanal 🚨', 'failed', '2026-10-31T18:00:00'), ('e', '', '', 'pending', '2026-10-31 18:00:00'), ('e', 'it''s "x"', 'a, b', 'SENT', '2026-10-31 18:00:00'),
            ('e', 'x', 'y', '', '2026-10-31 18:00:00'), ('e', 'only ever', 'long ago', 'sent', '2020-01-01 00:00:00');
        INSERT INTO log_sources(source_name, path, enabled, status, last_monitored, file_size, last_offset) VALUES
            ('a', '/a', 1, 'active', '2026-11-01 11:59:59', 10, 5), ('b', '/b', 1, 'error', '2026-11-01 11:00:00', 0, 0), ('c', '/c', 0, 'inactive', NULL, NULL, NULL), ('d', '/d', NULL, 'active', '2026-11-01T11:59:30.5', -1, 9223372036854775807),
            ('größe 🚨', '/größe', 1, 'paused', '2027-01-01 00:00:00', 1, 2), ('', '/empty', 1, NULL, 'n/a', 1, 1), ('weird', '/weird', 0, 'sleepy', '20junk', 1, 1), ('e', '/e', 0, 'error', NULL, 1, 1);
        COMMIT;
        """;

    /// <summary>Whether an event's processing time is a number of seconds; the odd rows say of themselves what they are.</summary>
    public const string IsNumber = "(id GLOB 'number*' OR (id NOT GLOB 'junk*' AND processing_time GLOB '[0-9]*' AND processing_time NOT GLOB '*[^0-9.]*'))";

    /// <summary>Whether a time lies in a window; its ends are whole seconds, as <c>2026-10-31 12:00:00</c>.</summary>
    public static string Within(string column, string from, string to)
    {
        // Those with an offset are whole seconds, too.
        var utc = $"iif({column} GLOB '*:*[+-][0-9][0-9]:[0-9][0-9]', datetime({column}), replace({column}, 'T', ' '))";
        return $"length({column}) >= 19 AND julianday({column}) IS NOT NULL AND {utc} >= '{from}' AND {utc} < '{to}'";
    }
}
