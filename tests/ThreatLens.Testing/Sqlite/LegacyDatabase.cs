using System.Globalization;

namespace ThreatLens.Testing.Sqlite;

/// <summary>The kinds of databases that the original application left behind.</summary>
public enum LegacyKind
{
    /// <summary>Start-up ran once; migrations 001 to 004 are recorded.</summary>
    Clean,

    /// <summary>As clean, then rolled back and run again out of order: the history says all is applied, and six indexes are gone.</summary>
    Drifted,

    /// <summary>From before real-time detection: no history, events without the three columns.</summary>
    PreRealtime,
}

/// <summary>Builds databases like the original application's, with its kinds of rows; or copies genuine ones.</summary>
public static class LegacyDatabase
{
    private const int Events = 60;

    /// <summary>Environment variable that names a folder with genuine files, <c>legacy-clean.db</c> and so on.</summary>
    public const string FolderVariable = "THREATLENS_LEGACY_DIR";

    /// <summary>Builds one from the known facts.</summary>
    public static SqliteFile Build(LegacyKind kind, string path)
    {
        var file = new SqliteFile(path);
        file.Execute("PRAGMA journal_mode = WAL");
        switch (kind)
        {
            case LegacyKind.PreRealtime:
                file.Execute(LegacySchema.BeforeRealtime);
                break;
            case LegacyKind.Clean:
                file.Execute(LegacySchema.Application + LegacySchema.RealtimeTablesByOrm + LegacySchema.RealtimeIndexes
                    + LegacySchema.OptimizedCoreIndexes + LegacySchema.OptimizedRealtimeIndexes + LegacySchema.History + HistoryRows([1, 2, 3, 4]));
                break;
            case LegacyKind.Drifted:
                file.Execute(LegacySchema.Application + LegacySchema.RealtimeTablesByMigration + LegacySchema.RealtimeIndexes
                    + LegacySchema.OptimizedCoreIndexes + LegacySchema.History + HistoryRows([3, 4, 2, 1]));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind));
        }

        file.Execute($"BEGIN;\n{string.Join('\n', Rows(kind))}\nCOMMIT;");
        return file;
    }

    /// <summary>Copies the genuine file of that kind; null where the environment names no folder.</summary>
    public static SqliteFile? CopyGenuine(LegacyKind kind, string path)
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { Length: > 0 } folder)
            return null;
#pragma warning disable CA1308 // The files' names are in lower case.
        var source = Path.Combine(folder, $"legacy-{kind.ToString().ToLowerInvariant()}.db");
#pragma warning restore CA1308
        File.WriteAllBytes(path, File.ReadAllBytes(source));
        return new SqliteFile(path);
    }

    /// <summary>A self-made one, or a copy of the genuine file, which must be there.</summary>
    public static SqliteFile Prepare(LegacyKind kind, bool genuine, string path) =>
        genuine ? CopyGenuine(kind, path) ?? throw new InvalidOperationException($"{FolderVariable} names no folder.") : Build(kind, path);

    private static string HistoryRows(int[] order)
    {
        string[] rows =
        [
            "'001_add_realtime_tables', 'Add real-time monitoring tables for log sources, metrics, and notifications', 'DROP TABLE IF EXISTS log_sources;'",
            "'002_add_realtime_fields', 'Add real-time processing fields to events table and create performance indexes', 'DROP INDEX IF EXISTS idx_events_realtime_processed;'",
            "'003_optimize_realtime_indexes', 'Add optimized indexes for real-time monitoring performance', 'DROP INDEX IF EXISTS idx_events_timestamp_severity;'",
            "'004_add_auth_audit_tables', 'No description', ''",
        ];
        return string.Concat(order.Select(n => string.Create(CultureInfo.InvariantCulture,
            $"INSERT INTO schema_migrations (version, description, rollback_sql, applied_at) VALUES ({rows[n - 1]}, '2026-10-20 13:37:5{n}');\n")));
    }

    // Three shapes of timestamps, orphans, quotes, semicolons and letters beyond ASCII, as in the field.
    private static IEnumerable<string> Rows(LegacyKind kind)
    {
        string[] stamps = ["2026-09-01 12:02:44.171464", "2026-09-01 14:15:42", "2026-09-01T19:56:06.589413"];
        string[] times = ["NULL", "''", "'0.480'", "'n/a'"];
        string[] flags = ["NULL", "0", "1"];
        for (var i = 0; i < Events; i++)
        {
            var stamp = stamps[i % 3];
            var n = i.ToString(CultureInfo.InvariantCulture);
            var parent = i % 7 == 0 ? "gone-" + n : "raw-" + n;
            if (i % 7 != 0)
                yield return $"INSERT INTO raw_logs VALUES ('raw-{n}', 'line {n}; \"quoted\" — ünïcode', 'sshd', '{stamp}');";
            var realtime = kind == LegacyKind.PreRealtime ? "" : $", {times[i % 4]}, {flags[i % 3]}, {flags[i / 3 % 3]}";
            yield return $"INSERT INTO events VALUES ('evt-{n}', '{parent}', '{stamp}', 'sshd', 'it''s message {n}; — ünïcode', 'kernel', NULL{realtime});";
            yield return $"INSERT INTO ai_analysis VALUES ('ai-{n}', '{(i % 5 == 0 ? "gone-" : "evt-")}{n}', {1 + i % 10}, 'explained', '[\"rotate keys\"]', '{stamp}');";
        }

        yield return "INSERT INTO reports VALUES ('rep-1', '2026-10-01', '/srv/report;1.html', '2026-10-01T00:00:00.000001');";
        if (kind == LegacyKind.PreRealtime)
            yield break;
        yield return "INSERT INTO users VALUES ('u-1', 'admin', NULL, 'admin');";
        yield return "INSERT INTO audit_logs VALUES ('a-1', 'login', '2026-10-01 08:00:00', 'admin logged in');";
        yield return "INSERT INTO monitoring_config (id, config_data) VALUES (1, '{\"enabled\": true}');";
        yield return "INSERT INTO log_sources (id, source_name, path, enabled) VALUES (1, 'source-0', '/var/log/source-0.log', 1);";
        yield return "INSERT INTO processing_metrics (id, source_name, metric_type, metric_value, timestamp) VALUES (1, 'source-0', 'throughput', '{\"value\": 13.7}', '2026-09-15 01:04:21');";
        yield return "INSERT INTO notification_history (id, event_id, notification_type, channel, status) VALUES (1, 'gone-0', 'digest', 'slack', 'failed');";
    }
}
