using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;
using Xunit;
using static ThreatLens.Maintenance.Migrations.Drift.SchemaDifferenceKind;
using static ThreatLens.Maintenance.Migrations.Drift.SchemaDifferenceSeverity;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>Validate and Repair.</summary>
public abstract partial class MigrationEngineSpecification
{
    public static TheoryData<string, string, SchemaDifferenceKind, SchemaDifferenceSeverity, bool> Drifts => new()
    {
        { "DROP TABLE monitoring_config", "Table monitoring_config", Missing, Error, true },
        { "DROP INDEX idx_events_processing_time; ALTER TABLE events DROP COLUMN processing_time", "Column events.processing_time", Missing, Error, true },
        { "ALTER TABLE processing_metrics DROP COLUMN metric_metadata", "Column processing_metrics.metric_metadata", Missing, Error, true },
        { "DROP INDEX idx_reports_date", "Index idx_reports_date", Missing, Warning, true },
        { "DROP INDEX idx_reports_date; CREATE INDEX idx_reports_date ON reports(file_path)", "Index idx_reports_date", Different, Warning, true },
        { "DROP INDEX idx_reports_date; CREATE UNIQUE INDEX idx_reports_date ON reports(report_date)", "Index idx_reports_date", Different, Error, true },
        {
            "DROP INDEX idx_events_timestamp_severity; CREATE INDEX idx_events_timestamp_severity ON events(timestamp) WHERE realtime_processed = 0",
            "Index idx_events_timestamp_severity", Different, Warning, true
        },
        { "CREATE INDEX mine ON events(source)", "Index mine", Unexpected, Warning, false },
        { "CREATE UNIQUE INDEX mine ON events(source)", "Index mine", Unexpected, Error, false },
        { "CREATE TRIGGER mine AFTER DELETE ON events BEGIN SELECT 1; END", "Trigger mine", Unexpected, Warning, false },
        { "CREATE TABLE mine (id INTEGER)", "Table mine", Unexpected, Info, false },
        { "CREATE VIEW mine AS SELECT 1", "View mine", Unexpected, Info, false },
        { "ALTER TABLE events ADD COLUMN mine TEXT", "Column events.mine", Unexpected, Warning, false },
    };

    public static TheoryData<string> Spellings =>
    [
        "DROP INDEX idx_reports_date; create  index IDX_Reports_Date /* mine */ on Reports ( [report_date] ASC )",
        "DROP INDEX idx_events_timestamp_severity; CREATE INDEX idx_events_timestamp_severity ON events(timestamp) WHERE (realtime_processed=1)",
        """DROP TABLE reports; CREATE TABLE Reports ("ID" VARCHAR NOT NULL PRIMARY KEY, report_date DATE NOT NULL, file_path VARCHAR NOT NULL, generated_at DATETIME); CREATE INDEX idx_reports_date ON reports(report_date)""",
    ];

    [Fact]
    public void Validate_fresh_schema_is_valid_at_every_version()
    {
        foreach (var migration in Product.Migrations)
        {
            Engine().Migrate(new MigrateCommand { TargetVersion = migration.Version.Id });

            var report = Engine().Validate();

            Assert.Equal(migration.Version, report.Version);
            Assert.True(report.IsValid);
            Assert.Empty(report.Differences);
        }
    }

    [Fact]
    public void Validate_schema_rolled_back_is_valid_at_every_version()
    {
        Engine().Migrate(new MigrateCommand());
        foreach (var _ in Product.Migrations.Skip(1))
        {
            Engine().Rollback(new RollbackCommand());

            Assert.Empty(Engine().Validate().Differences);
            Assert.True(Engine().CheckRecorded().IsAsRecorded);
        }
    }

    [Fact]
    public void Validate_no_database_says_so_and_creates_nothing()
    {
        Expect.Refusal(ErrorReasons.DatabaseMissing, () => Engine().Validate());
        Expect.Refusal(ErrorReasons.DatabaseMissing, () => Engine().PlanRepair(new RepairCommand()));
        Expect.Refusal(ErrorReasons.DatabaseMissing, () => Engine().Repair(new RepairCommand()));

        Assert.False(Engine().GetStatus().DatabaseExists);
    }

    [Theory]
    [MemberData(nameof(Drifts))]
    public void Validate_drift_is_named_and_Repair_mends_what_can_be(string sql, string named, SchemaDifferenceKind kind, SchemaDifferenceSeverity severity, bool mended)
    {
        Engine().Migrate(new MigrateCommand());
        var good = Structure();
        Execute(sql);
        var drifted = Snapshot();

        var report = Engine().Validate();
        var plan = Engine().PlanRepair(new RepairCommand());

        Assert.Equal(severity == Info, report.IsValid);
        Assert.Equal(drifted, Snapshot());
        var found = Assert.Single(report.Differences, d => $"{d.ObjectType} {d.ObjectName}" == named);
        Assert.Equal((kind, severity, mended), (found.Kind, found.Severity, found.IsMendable));
        Assert.Equal((kind == Missing, kind == Unexpected), (found.Actual.Length == 0, found.Expected.Length == 0));
        Assert.Equal(mended, plan.Differences.Any(d => d.ObjectName == found.ObjectName));

        var result = Engine().Repair(new RepairCommand { Etag = plan.Etag });

        Assert.Equal(plan.Differences.Select(d => d.ToString()), result.Mended.Select(d => d.ToString()));
        Assert.Equal(mended || severity == Info, Engine().Validate().IsValid);
        if (!mended)
            Assert.Equal(drifted, Snapshot());
        else if (found.ObjectType != SchemaObjectType.Column)
            Assert.Equal(good, Structure());
        Assert.Equal(mended, Engine().CheckRecorded().IsAsRecorded);
        Assert.Empty(Engine().Repair(new RepairCommand()).Mended);
    }

    [Theory]
    [MemberData(nameof(Spellings))]
    public void Validate_other_spelling_is_no_drift(string sql)
    {
        Engine().Migrate(new MigrateCommand());
        Execute(sql);

        Assert.Empty(Engine().Validate().Differences);
    }

    [Theory]
    [InlineData("id VARCHAR NOT NULL, report_date DATE NOT NULL, file_path TEXT NOT NULL DEFAULT '', generated_at TIMESTAMP, PRIMARY KEY (id)", "Column reports.file_path|Info", "Column reports.generated_at|Info")]
    [InlineData("id VARCHAR NOT NULL, report_date DATE NOT NULL, file_path BLOB NOT NULL, generated_at DATETIME, PRIMARY KEY (id)", "Column reports.file_path|Warning")]
    [InlineData("id VARCHAR NOT NULL, report_date DATE, file_path VARCHAR NOT NULL, generated_at DATETIME NOT NULL, PRIMARY KEY (id)", "Column reports.report_date|Warning", "Column reports.generated_at|Error")]
    [InlineData("id VARCHAR NOT NULL, report_date DATE NOT NULL, file_path VARCHAR NOT NULL, generated_at DATETIME", "Table reports|Error")]
    [InlineData("id VARCHAR NOT NULL, report_date DATE NOT NULL UNIQUE, file_path VARCHAR NOT NULL, generated_at DATETIME, PRIMARY KEY (id)", "Table reports|Error")]
    [InlineData("id VARCHAR NOT NULL, report_date DATE NOT NULL, file_path VARCHAR NOT NULL, generated_at DATETIME, PRIMARY KEY (id), CHECK (file_path <> ''), FOREIGN KEY (id) REFERENCES events", "Table reports|Error", "Table reports|Warning")]
    public void Validate_table_of_another_shape_is_graded_by_what_it_breaks(string columns, params string[] expected)
    {
        Engine().Migrate(new MigrateCommand());
        Execute($"DROP TABLE reports; CREATE TABLE reports ({columns}); CREATE INDEX idx_reports_date ON reports(report_date)");

        var found = Engine().Validate().Differences;

        Assert.Equal(expected.Order(), found.Select(d => $"{d.ObjectType} {d.ObjectName}|{d.Severity}").Order());
        Assert.All(found, d => Assert.Equal((Different, false), (d.Kind, d.IsMendable)));
    }

    [Fact]
    public void Validate_missing_column_that_cannot_be_added_has_no_remedy()
    {
        Engine().Migrate(new MigrateCommand());
        Execute("INSERT INTO reports VALUES ('r', '2026-01-01', '/r', NULL); ALTER TABLE reports DROP COLUMN file_path");

        var found = Assert.Single(Engine().Validate().Differences);

        Assert.Equal((Missing, Error, false), (found.Kind, found.Severity, found.IsMendable));
        Assert.Empty(Engine().Repair(new RepairCommand()).Mended);
    }

    [Fact]
    public void Repair_column_with_a_computed_default_comes_back_to_a_filled_table()
    {
        Engine().Migrate(new MigrateCommand());
        Execute("INSERT INTO monitoring_config (config_data) VALUES ('{}'); ALTER TABLE monitoring_config DROP COLUMN updated_at");

        var result = Engine().Repair(new RepairCommand());

        Assert.Equal("monitoring_config.updated_at", Assert.Single(result.Mended).ObjectName);
        Assert.Equal(["{}|NULL"], Lines("SELECT config_data, updated_at FROM monitoring_config"));
        Assert.True(Engine().Validate().IsValid);
    }

    [Fact]
    public void Repair_statement_that_fails_leaves_no_trace_and_is_named()
    {
        var catalog = new MigrationCatalog([MigrationCatalogTests.Create("001_first", "CREATE TABLE a (id INTEGER, b TEXT); CREATE INDEX a_b ON a(b); CREATE UNIQUE INDEX a_id ON a(id);")]);
        Engine(catalog).Migrate(new MigrateCommand());
        Execute("DROP INDEX a_b; DROP INDEX a_id; INSERT INTO a VALUES (1, 'x'), (1, 'y')");
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.RepairFailed, () => Engine(catalog).Repair(new RepairCommand()));

        Assert.Equal("a_id", error.Metadata["object"]);
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Repair_triggers_and_views_come_back_as_they_were()
    {
        var catalog = new MigrationCatalog(
        [
            MigrationCatalogTests.Create("001_first", "CREATE TABLE a (id INTEGER); CREATE VIEW v AS SELECT id FROM a; CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a WHERE id < 0; END;"),
        ]);
        Engine(catalog).Migrate(new MigrateCommand());
        var before = Structure();
        Execute("DROP VIEW v; DROP TRIGGER t; CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END");
        Assert.Equal(["v Missing", "t Different"], Engine(catalog).Validate().Differences.Select(d => $"{d.ObjectName} {d.Kind}"));

        Engine(catalog).Repair(new RepairCommand());

        Assert.Equal(before, Structure());
        Assert.True(Engine(catalog).Validate().IsValid);
    }

    [Fact]
    public void Repair_etag_of_another_schema_is_refused()
    {
        Engine().Migrate(new MigrateCommand());
        Execute("DROP INDEX idx_reports_date");
        var plan = Engine().PlanRepair(new RepairCommand());
        Assert.Equal(plan.Etag, Engine().PlanRepair(new RepairCommand()).Etag);
        Execute("CREATE INDEX mine ON events(source)");
        var before = Snapshot();

        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => Engine().Repair(new RepairCommand { Etag = plan.Etag }));
        Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => Engine().PlanRepair(new RepairCommand { Etag = plan.Etag }));

        Assert.Equal(before, Snapshot());
        Execute("DROP INDEX mine; INSERT INTO reports VALUES ('r', 'd', 'f', NULL)");
        Assert.Single(Engine().Repair(new RepairCommand { Etag = plan.Etag }).Mended);
    }

    [Fact]
    public void Repair_edited_script_is_refused_unless_it_is_named_to_be_realigned()
    {
        Engine(new MigrationCatalog([MigrationCatalogTests.Create("001_first", "CREATE TABLE a (id INTEGER);")])).Migrate(new MigrateCommand());
        var edited = MigrationCatalogTests.Create("001_first", "CREATE TABLE a (id INTEGER, b TEXT);");
        var engine = Engine(new MigrationCatalog([edited, MigrationCatalogTests.Create("002_next", "CREATE TABLE c (id INTEGER);")]));
        var finding = Assert.Single(engine.Validate().Findings);
        Assert.Equal((HistoryFinding.ScriptChanged, "001_first", true), (finding.Rule, finding.Version, finding.IsError));
        Assert.False(engine.Validate().IsValid);
        Expect.Refusal(ErrorReasons.ChecksumMismatch, () => engine.Repair(new RepairCommand()));
        Expect.Refusal(ErrorReasons.VersionNotApplied, () => engine.Repair(new RepairCommand { RealignVersions = ["002"] }));
        Expect.BadField("realign_versions[1]", () => engine.Repair(new RepairCommand { RealignVersions = ["001", "009"] }));

        var result = engine.Repair(new RepairCommand { RealignVersions = ["001", "1"] });

        Assert.Equal(["001_first"], result.RealignedVersions);
        Assert.Equal("a.b", Assert.Single(result.Mended).ObjectName);
        Assert.True(engine.Validate().IsValid);
        Assert.True(engine.GetStatus().Migrations[0].ChecksumMatches);
        Assert.Equal("002_next", engine.Migrate(new MigrateCommand()).To?.Id);
        Assert.Empty(engine.Repair(new RepairCommand { RealignVersions = ["001"] }).RealignedVersions);
    }

    [Fact]
    public void Migrate_records_the_fingerprint_before_and_after_each()
    {
        Engine().Migrate(new MigrateCommand());

        var rows = Lines("SELECT fingerprint_before || ' ' || fingerprint_after FROM schema_migrations ORDER BY version").Select(l => l.Split(' ')).ToList();

        Assert.All(rows, r => Assert.NotEqual(r[0], r[1]));
        Assert.Equal(rows.SkipLast(1).Select(r => r[1]), rows.Skip(1).Select(r => r[0]));
        var now = Engine().CheckRecorded();
        Assert.Equal((rows[^1][1], true), (now.Fingerprint, now.IsAsRecorded));
        Execute("CREATE INDEX mine ON events(source)");
        Assert.False(Engine().CheckRecorded().IsAsRecorded);
        Execute("DROP INDEX mine");
        Assert.True(Engine().CheckRecorded().IsAsRecorded);
    }

    [Fact]
    public void Repair_history_with_an_unknown_version_is_refused()
    {
        Engine().Migrate(new MigrateCommand());
        Execute("DROP INDEX idx_reports_date; INSERT INTO schema_migrations (version, description) VALUES ('009_tomorrow', 'x')");
        var before = Snapshot();

        Expect.Refusal(ErrorReasons.DatabaseNewer, () => Engine().Repair(new RepairCommand()));

        Assert.Equal(before, Snapshot());
        Assert.Contains(Engine().Validate().Findings, f => f is { Rule: HistoryFinding.UnknownVersion, Version: "009_tomorrow", IsError: true });
    }

    [Fact]
    public void Validate_script_that_needs_rows_is_an_error_and_not_a_guess()
    {
        var catalog = new MigrationCatalog([MigrationCatalogTests.Create("001_first", "CREATE TABLE a (id INTEGER); SELECT json('no json') FROM sqlite_master;")]);
        Execute("CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY, version TEXT, description TEXT, applied_at TEXT, rollback_sql TEXT, checksum TEXT); INSERT INTO schema_migrations (version) VALUES ('001_first')");

        var error = Expect.Refusal(ErrorReasons.MigrationInvalid, () => Engine(catalog).Validate());

        Assert.Contains("001_first.up.sql, statement 2 (line 1)", error.Message, StringComparison.Ordinal);
    }
}
