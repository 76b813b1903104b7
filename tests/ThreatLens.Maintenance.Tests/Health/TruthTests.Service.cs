using System.Globalization;
using ThreatLens.Maintenance.Health;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>The figures of the service itself: its records, files and log sources.</summary>
public sealed partial class TruthTests
{
    private readonly HashSet<(HealthSectionKind, string, string)> _compared = [];
    private (double FileBytes, double LogBytes) _files;

    /// <summary>As of the base, and remembered as compared.</summary>
    private new object? Value(HealthReport report, HealthSectionKind kind, string name, string subject = "")
    {
        _compared.Add((kind, name, subject));
        return HealthTestBase.Value(report, kind, name, subject);
    }

    /// <summary>A report while no checkpoint moves pages from the log into the file.</summary>
    private HealthReport StillReport()
    {
        HealthReport report;
        do
        {
            _files = Files();
            report = Report();
        }
        while (_files != Files());
        return report;

        (double, double) Files() => (new FileInfo(File.Path).Length, new FileInfo(File.Path + "-wal").Length);
    }

    private void AssertEveryFigureIsCompared(HealthReport report)
    {
        var missing = report.Sections.SelectMany(s => s.Figures.Select(f => (s.Kind, f.Name, f.Subject))).Where(f => !_compared.Contains(f)).ToList();
        Assert.True(missing.Count == 0, $"Not compared: {string.Join("; ", missing.Select(f => $"{f.Kind}, {f.Name}, {f.Subject}"))}");
    }

    private void AssertService(HealthReport report)
    {
        AssertSchemaAndIntegrity(report);
        AssertFiles(report);
        AssertIngest(report);
        AssertSources(report);
        AssertOperations(report);
        AssertBackups(report);
        AssertPolicies(report);
        AssertRest(report);
    }

    private void AssertSchemaAndIntegrity(HealthReport report)
    {
        object? Schema(string name) => Value(report, HealthSectionKind.Schema, name);
        object? Integrity(string name) => Value(report, HealthSectionKind.Integrity, name);
        var newest = File.Scalar("SELECT max(version) FROM schema_migrations");
        Assert.Equal((newest, newest, 0d, 0d, true), (Schema("current_version"), Schema("latest_version"), Schema("pending"), Schema("differences"), Schema("can_take_metrics")));
        Assert.Equal("ok", File.Scalar("PRAGMA quick_check"));
        Assert.Equal((0d, TimeSpan.Zero, Noon, null), (Integrity("problems"), Integrity("age"), Integrity("last_quick_check"), Integrity("last_full_check")));
        // On the clock of the tests, which stands still.
        Assert.Equal(TimeSpan.Zero, Integrity("check_duration"));
    }

    private void AssertFiles(HealthReport report)
    {
        object? Of(string name) => Value(report, HealthSectionKind.Storage, name);
        Assert.Equal(_files, (Of("file_bytes"), Of("wal_bytes")));
        Assert.Equal((Count("SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"), null), (Of("used_bytes"), Of("budget_bytes")));
        // What is free on the disk others change all the time; its share, and the days, are of the same look.
        var (free, disk) = ((double)Of("disk_free_bytes")!, (double)new DriveInfo(Folder.Path).TotalSize);
        Assert.InRange(free, 1, disk);
        Assert.Equal(free / disk, (double)Of("disk_free_share")!, 1e-9);
        var growth = Count(
            $"""
            WITH s AS (SELECT at / 86400e6 - {Noon.ToUnixTimeSeconds() / 86400} AS x, database_bytes - free_bytes AS y FROM maintenance_health_samples WHERE at >= {Noon.AddDays(-7).ToUnixTimeSeconds()} * 1000000)
            SELECT (count(*) * sum(x * y) - sum(x) * sum(y)) / (count(*) * sum(x * x) - sum(x) * sum(x)) FROM s
            """);
        Assert.Equal(growth, (double)Of("growth_bytes_per_day")!, Math.Abs(growth) * 1e-6);
        var days = growth > 0 ? (free + (double)Of("free_page_bytes")!) / growth : (double?)null;
        if (days is { } known)
            Assert.Equal(known, (double)Of("days_until_full")!, known * 1e-6);
        else
            Assert.Equal("never", Of("days_until_full"));
    }

    private void AssertIngest(HealthReport report)
    {
        object? Of(string name, string subject = "") => Value(report, HealthSectionKind.Ingest, name, subject);
        const string Stored = "SELECT count(*) FROM processing_metrics WHERE metric_type = 'lines'";
        Assert.Equal((Count(Stored), Count($"{Stored} AND source_name = 'a'")), (Of("rows_stored"), Of("rows_stored", "a")));
        Assert.Equal(Count("SELECT sum(last_sequence) FROM maintenance_producers"), Of("batches"));
        // All came in the one second that there was; the minute is not over.
        Assert.Equal((Count(Stored), 0d, Noon), (Of("rows_per_second"), Of("rows_last_minute", "a"), Of("last_commit")));
        Assert.Equal((0d, 3d, 3 / (3 + Count(Stored))), (Of("duplicates"), Of("rejections"), Of("rejected_share_last_hour")));
        // The clock stands, and all is written.
        Assert.Equal((0d, 0d, 0d, 0d), (Of("commit_latency_p50"), Of("commit_latency_p99"), Of("queued_batches"), Of("queued_bytes")));
    }

    private void AssertSources(HealthReport report)
    {
        object? Of(string name, string subject = "") => Value(report, HealthSectionKind.LogSources, name, subject);
        Assert.Equal(
            (Count("SELECT count(*) FROM log_sources"), Count("SELECT count(*) FROM log_sources WHERE status = 'active'"), Count("SELECT count(*) FROM log_sources WHERE status = 'error'"), Count("SELECT count(*) FROM log_sources WHERE enabled = 0"), 0d),
            (Of("sources"), Of("active"), Of("error"), Of("disabled"), Of("silent")));
        foreach (var row in File.Rows("SELECT source_name, coalesce(status, '') || iif(enabled = 0, ' (disabled)', ''), coalesce(last_offset, 0), coalesce(file_size, 0), last_monitored FROM log_sources"))
        {
            var name = (string)row[0]!;
            Assert.Equal((row[1], Number(row[2]), Number(row[3])), (Of("status", name), Of("last_offset", name), Of("file_size", name)));
            Assert.Equal(DateTimeOffset.TryParse(row[4] as string, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null, Of("last_monitored", name));
            // One metric in each of 90 minutes: 89 pauses of a minute; of the others none.
            (object?, object?, object?, object?) rhythm = name == "a" ? (Noon, TimeSpan.FromMinutes(1), 89d, TimeSpan.FromMinutes(3)) : (null, null, 0d, TimeSpan.FromHours(24));
            Assert.Equal(rhythm, (Of("last_metric", name), Of("normal_pause", name), Of("pauses", name), Of("silent_after", name)));
        }
    }

    private void AssertOperations(HealthReport report)
    {
        object? Of(string name) => Value(report, HealthSectionKind.Operations, name);
        foreach (var state in (string[])["Succeeded", "Failed", "Cancelled", "Interrupted"])
            Assert.Equal(Count($"SELECT count(*) FROM maintenance_operations WHERE state = '{state}' AND created_at >= '2026-10-31 12:00:00'"), Of(state.ToLowerInvariant()));
        Assert.Equal((0d, TimeSpan.FromDays(1)), (Of("running"), Of("window")));
        // All but the rewrite of the file, as configured by default; none was due yet.
        Assert.Equal((6d, 0d, 0d), (Of("schedules"), Of("schedules_missed"), Of("schedules_failed")));
        foreach (var (window, minutes) in new[] { ("5_minutes", 5), ("1_hour", 60), ("24_hours", 1440) })
        {
            var errors = Count($"SELECT count(*) FROM maintenance_operations WHERE state IN ('Failed', 'Interrupted') AND created_at >= datetime('2026-11-01 12:00:00', '-{minutes} minutes')");
            AssertErrors(report, window, "operations", errors, errors * 60 / minutes);
            // What is added up began with the process, at this moment: there is no hour yet to have a rate in.
            foreach (var (subject, count) in new[] { ("calls, service", 0), ("calls, caller", 0), ("ingest, rejected entries", 3), ("ingest, groups not stored", 0) })
                AssertErrors(report, window, subject, count, null);
        }
    }

    private void AssertErrors(HealthReport report, string window, string subject, double errors, double? rate) => Assert.Equal(
        (errors, rate), (Value(report, HealthSectionKind.Errors, $"errors_{window}", subject), (double?)Value(report, HealthSectionKind.Errors, $"rate_{window}", subject)));

    private void AssertBackups(HealthReport report)
    {
        object? Of(string name) => Value(report, HealthSectionKind.Backups, name);
        var files = Directory.GetFiles(Folder.Path, "*.db", SearchOption.AllDirectories).Where(f => f != File.Path).ToList();
        var drill = Assert.Single(File.Rows("SELECT ended_at, passed, recovery_ms, backup_name FROM maintenance_restore_drills"));
        var ended = DateTimeOffset.Parse((string)drill[0]!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        Assert.Equal((1d, (double)new FileInfo(Assert.Single(files)).Length), (Of("backups"), Of("last_backup_bytes")));
        Assert.Equal((Noon, TimeSpan.Zero, drill[3], Noon), (Of("last_backup"), Of("age"), Of("last_backup_name"), Of("verified")));
        Assert.Equal((true, ended, (long)drill[1]! == 1, ended, TimeSpan.FromMilliseconds((double)drill[2]!)), (Of("newest_rehearsed"), Of("last_drill"), Of("last_drill_passed"), Of("restore_rehearsed"), Of("recovery_time")));
    }

    private void AssertPolicies(HealthReport report)
    {
        object? Of(string name, string subject = "") => Value(report, HealthSectionKind.Retention, name, subject);
        Assert.Equal((Value(report, HealthSectionKind.Storage, "used_bytes"), null), (Of("used_bytes"), Of("max_bytes")));
        foreach (var (table, column, days) in new[] { ("processing_metrics", "timestamp", 30), ("notification_history", "sent_at", 90), ("events", "timestamp", 365) })
        {
            var old = Count($"SELECT count(*) FROM {table} WHERE length({column}) >= 19 AND replace({column}, 'T', ' ') < datetime('2026-11-01 12:00:00', '-{days + 2} days')");
            Assert.Equal((TimeSpan.FromDays(days), null, old > 0), (Of("max_age", table), Of("cleaned_to", table), Of("behind", table)));
        }

        var minute = DateTimeOffset.FromUnixTimeSeconds((long)File.Scalar("SELECT min(minute) FROM maintenance_metric_rollups")! * 60);
        var created = DateTimeOffset.Parse((string)File.Scalar("SELECT min(created_at) FROM maintenance_operations")!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        foreach (var (table, days, oldest) in new[] { ("maintenance_metric_rollups", 400, minute), ("maintenance_operations", 180, created) })
            Assert.Equal((TimeSpan.FromDays(days), null, false, oldest), (Of("max_age", table), Of("cleaned_to", table), Of("behind", table), Of("oldest", table)));
    }

    private void AssertRest(HealthReport report)
    {
        object? Of(string name) => Value(report, HealthSectionKind.Processing, name);
        Assert.Equal((TimeSpan.FromHours(24), Count($"SELECT sum(realtime_processed = 1) / 24.0 FROM events WHERE {Within("timestamp")}")), (Of("window"), Of("realtime_processed_per_hour")));
        // Under a clock that stands nothing is slow, and nobody has measured indexes.
        foreach (var (name, value) in new (string, object?)[] { ("plan_regressions", 0d), ("slow_statements_1_hour", 0d), ("slow_statements_24_hours", 0d), ("indexes_missing", null), ("indexes_superfluous", null), ("indexes_unused", null) })
            Assert.Equal(value, Value(report, HealthSectionKind.Performance, name));
    }

    private static double Number(object? value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
}
