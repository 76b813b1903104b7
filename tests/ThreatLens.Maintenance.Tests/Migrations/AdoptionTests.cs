using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>Databases that the original application built become ours: all that is missing comes, all that is there stays.</summary>
public sealed class AdoptionTests : SqliteMigrationTestBase
{
    private static readonly string[] Versions = [.. Product.Migrations.Select(m => m.Version.Id)];

    public static TheoryData<LegacyKind, bool> Everything => LegacyDatabaseTests.Everything();

    public static TheoryData<LegacyKind, bool> Drifted => [.. Everything.Where(row => row.Data.Item1 == LegacyKind.Drifted)];

    [Theory]
    [MemberData(nameof(Everything))]
    public void Migrate_legacy_database_ends_at_the_full_schema_with_every_row_as_it_was(LegacyKind kind, bool genuine)
    {
        LegacyDatabase.Prepare(kind, genuine, File.Path);
        var columns = File.Tables().Where(t => t != "schema_migrations").ToDictionary(t => t, t => string.Join(", ", File.Lines($"SELECT name FROM pragma_table_info('{t}')")));
        var before = columns.ToDictionary(t => t.Key, t => File.Content(t.Key, t.Value));
        Assert.NotEmpty(before);
        var fresh = new SqliteFile(Folder.File("fresh.db"));
        Engine($"Data Source={fresh.Path}").Migrate(new MigrateCommand());

        Engine().Migrate(new MigrateCommand());

        Assert.Equal(before, columns.ToDictionary(t => t.Key, t => File.Content(t.Key, t.Value)));
        Assert.Equal(fresh.Indexes(), File.Indexes());
        Assert.Subset(File.Tables().ToHashSet(), fresh.Tables().ToHashSet());
        var report = Engine().Validate();
        Assert.All(report.Differences, d => Assert.Equal(SchemaDifferenceSeverity.Info, d.Severity));
        Assert.Empty(report.Findings);
        Assert.True(report.IsValid);
        var status = Engine().GetStatus();
        Assert.True(status is { IsUpToDate: true, NeedsAdoption: false, CanTakeMetrics: true });
        Assert.All(status.Migrations.Where(m => m.State == MigrationStateKind.Applied), m => Assert.True(m.ChecksumMatches));
        Assert.True(Engine().CheckRecorded().IsAsRecorded);
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
    }

    [Theory]
    [MemberData(nameof(Drifted))]
    public void Migrate_drifted_database_gets_its_lost_indexes_back(LegacyKind kind, bool genuine)
    {
        LegacyDatabase.Prepare(kind, genuine, File.Path);
        var before = File.Indexes();

        var result = Engine().Migrate(new MigrateCommand());

        Assert.Equal(
            [
                "idx_events_notification_pending", "idx_events_severity_realtime", "idx_log_sources_enabled_status", "idx_log_sources_last_monitored",
                "idx_notification_history_channel_sent_at", "idx_notification_history_failed", "idx_notification_history_type_status", "idx_processing_metrics_source_type_time",
            ],
            File.Indexes().Except(before));
        Assert.Equal(["000_create_core_tables"], result.Applied.Select(m => m.Version.Id));
        Assert.Equal(
            [("001_add_realtime_tables", 0), ("002_add_realtime_fields", 2), ("003_optimize_realtime_indexes", 6)],
            result.Adopted.Select(m => (m.Version.Id, m.Statements)));
    }

    [Fact]
    public void Migrate_original_auth_version_and_its_tables_stay_as_they_are()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        const string Row = "SELECT * FROM schema_migrations WHERE version = '004_add_auth_audit_tables'";
        var before = File.Rows(Row)[0][..6];
        var schema = File.Lines("SELECT sql FROM sqlite_master WHERE tbl_name IN ('users', 'user_sessions', 'audit_logs')");

        Engine().Migrate(new MigrateCommand());

        Assert.Equal(before, File.Rows(Row)[0][..6]);
        Assert.Null(before[5]);
        Assert.Equal(schema, File.Lines("SELECT sql FROM sqlite_master WHERE tbl_name IN ('users', 'user_sessions', 'audit_logs')"));
        Assert.Equal(MigrationStateKind.KnownForeign, Engine().GetStatus().Migrations[^1].State);
    }

    [Fact]
    public void GetStatus_unadopted_versions_are_applied_and_not_up_to_date()
    {
        LegacyDatabase.Build(LegacyKind.Drifted, File.Path);

        var status = Engine().GetStatus();

        Assert.True(status.NeedsAdoption);
        Assert.False(status.IsUpToDate);
        Assert.Equal(Versions[1..], status.Unadopted.Select(m => m.Version.Id));
    }

    [Fact]
    public void Migrate_nothing_pending_still_adopts()
    {
        LegacyDatabase.Build(LegacyKind.Drifted, File.Path);
        // As an earlier version of this service left it: 000 recorded, nothing adopted.
        File.Execute($"INSERT INTO schema_migrations (version, description, checksum) VALUES ('{Versions[0]}', 'x', '{Product.Migrations[0].Checksum}')");

        var result = Engine().Migrate(new MigrateCommand());

        Assert.Empty(result.Applied);
        Assert.Equal(Versions[1..], result.Adopted.Select(m => m.Version.Id));
        Assert.True(Engine().Validate().IsValid);
        Assert.Empty(Engine().Migrate(new MigrateCommand()).Adopted);
    }

    [Fact]
    public void Migrate_missing_table_and_columns_of_recorded_versions_come_back()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        File.Execute(
            """
            DROP TABLE notification_history;
            DROP INDEX idx_events_realtime_processed; DROP INDEX idx_events_timestamp_realtime; DROP INDEX idx_events_category_realtime;
            DROP INDEX idx_events_timestamp_severity; DROP INDEX idx_events_category_timestamp_realtime; DROP INDEX idx_events_notification_queue;
            ALTER TABLE events DROP COLUMN realtime_processed;
            ALTER TABLE log_sources DROP COLUMN updated_at;
            """);
        var events = File.Content("events", "id, message, notification_sent");

        var result = Engine().Migrate(new MigrateCommand());

        Assert.True(Engine().Validate().IsValid);
        Assert.Equal(events, File.Content("events", "id, message, notification_sent"));
        Assert.Equal(17, result.Adopted.Sum(m => m.Statements));
    }

    [Fact]
    public void Migrate_versions_that_have_a_checksum_are_not_mended()
    {
        Engine().Migrate(new MigrateCommand());
        File.Execute("DROP INDEX idx_events_category; DROP INDEX idx_log_sources_enabled_status; UPDATE schema_migrations SET checksum = NULL WHERE version LIKE '003%'");

        Engine().Migrate(new MigrateCommand());

        Assert.Contains("idx_log_sources_enabled_status", File.Indexes());
        Assert.DoesNotContain("idx_events_category", File.Indexes());
    }

    [Theory]
    [InlineData(LegacyKind.Clean, "ALTER TABLE reports DROP COLUMN file_path; INSERT INTO reports (id, report_date) VALUES ('r', '2026-01-01')", "reports.file_path")]
    [InlineData(LegacyKind.Drifted, "DROP TABLE log_sources; CREATE TABLE log_sources (id INTEGER PRIMARY KEY, source_name TEXT NOT NULL UNIQUE); INSERT INTO log_sources VALUES (1, 'a')", "log_sources.path")]
    [InlineData(LegacyKind.Drifted, "DROP TABLE processing_metrics; CREATE VIEW processing_metrics AS SELECT 1", "processing_metrics")]
    [InlineData(LegacyKind.PreRealtime, "DROP TABLE ai_analysis; CREATE TABLE ai_analysis (id TEXT, score INTEGER); INSERT INTO ai_analysis VALUES ('a', 1)", "ai_analysis.event_id")]
    [InlineData(LegacyKind.PreRealtime, "DROP TABLE raw_logs; CREATE TABLE raw_logs (id INTEGER PRIMARY KEY, content TEXT NOT NULL, source TEXT NOT NULL, ingested_at TEXT)", "raw_logs")]
    public void Migrate_table_of_another_shape_is_refused_by_name_and_nothing_changed(LegacyKind kind, string sql, string named)
    {
        LegacyDatabase.Build(kind, File.Path);
        File.Execute(sql);
        var before = File.Snapshot();

        var error = Expect.Refusal(ErrorReasons.AdoptionRefused, () => Engine().Migrate(new MigrateCommand()));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Metadata["differences"], StringComparison.Ordinal);
        Assert.Equal(before, File.Snapshot());
    }

    [Fact]
    public void Migrate_table_of_another_shape_in_a_later_version_stops_there()
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);
        File.Execute("CREATE TABLE log_sources (id INTEGER PRIMARY KEY, source_name TEXT NOT NULL UNIQUE, path TEXT NOT NULL, enabled INTEGER, status TEXT)");

        var error = Expect.Refusal(ErrorReasons.AdoptionRefused, () => Engine().Migrate(new MigrateCommand()));

        Assert.Equal(Versions[0], error.Metadata["appliedVersions"]);
        Assert.Contains("unique (path)", error.Message, StringComparison.Ordinal);
        Assert.Equal(Versions[0], Engine().GetStatus().CurrentVersion?.Id);
    }

    [Fact]
    public void Migrate_table_that_lacks_a_column_its_script_indexes_gets_it_first()
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);
        File.Execute("CREATE TABLE notification_history (id INTEGER PRIMARY KEY, event_id TEXT NOT NULL REFERENCES events (id), notification_type TEXT NOT NULL, channel TEXT NOT NULL, status TEXT NOT NULL, error_message TEXT); INSERT INTO notification_history VALUES (1, 'e', 't', 'c', 's', NULL)");

        Engine().Migrate(new MigrateCommand());

        Assert.True(Engine().Validate().IsValid);
        Assert.Equal(["1|e|NULL"], File.Lines("SELECT id, event_id, sent_at FROM notification_history"));
    }
}
