using ThreatLens.Maintenance.Migrations;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>Databases of the original application: self-made ones always, genuine ones where THREATLENS_LEGACY_DIR names their folder.</summary>
public sealed class LegacyDatabaseTests : SqliteMigrationTestBase
{
    // As the original's tool reads its table: by these names, in the order of its ids.
    private const string OriginalReading = "SELECT version, description, applied_at, rollback_sql FROM schema_migrations ORDER BY id";

    private static readonly string[] CoreTables = ["raw_logs", "events", "ai_analysis", "reports"];

    public static TheoryData<LegacyKind, bool> Everything()
    {
        var kinds = new TheoryData<LegacyKind, bool>();
        foreach (var kind in Enum.GetValues<LegacyKind>())
        {
            kinds.Add(kind, false);
            if (Environment.GetEnvironmentVariable(LegacyDatabase.FolderVariable) is { Length: > 0 })
                kinds.Add(kind, true);
        }

        return kinds;
    }

    [Theory]
    [InlineData(LegacyKind.Clean)]
    [InlineData(LegacyKind.Drifted)]
    public void GetStatus_recorded_versions_are_applied_without_checksums(LegacyKind kind)
    {
        LegacyDatabase.Build(kind, File.Path);
        var before = File.Bytes();

        var status = Engine().GetStatus();

        Assert.Equal("003_optimize_realtime_indexes", status.CurrentVersion?.Id);
        Assert.Equal(
            [
                ("000_create_core_tables", MigrationStateKind.Pending),
                ("001_add_realtime_tables", MigrationStateKind.Applied),
                ("002_add_realtime_fields", MigrationStateKind.Applied),
                ("003_optimize_realtime_indexes", MigrationStateKind.Applied),
                ("004_add_auth_audit_tables", MigrationStateKind.KnownForeign),
            ],
            status.Migrations.Select(m => (m.Version.Id, m.State)));
        Assert.All(status.Migrations, m => Assert.Null(m.ChecksumMatches));
        Assert.Equal(new DateTimeOffset(2026, 10, 20, 13, 37, 53, TimeSpan.Zero), status.Migrations[3].AppliedAt);
        Assert.False(status.IsNewerThanService);
        Assert.False(status.IsUpToDate);
        Assert.True(status.CanTakeMetrics);
        Assert.Equal(before, File.Bytes());
    }

    [Fact]
    public void GetStatus_before_realtime_has_all_pending()
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);

        var status = Engine().GetStatus();

        Assert.True(status.DatabaseExists);
        Assert.Null(status.CurrentVersion);
        Assert.Equal(4, status.Pending.Count());
        Assert.False(status.CanTakeMetrics);
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Migrate_adopts_without_losing_or_changing_a_row(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        var columns = File.Tables().ToDictionary(t => t, Columns);
        var before = Contents(columns);
        Assert.NotEmpty(before);

        var result = Engine().Migrate(new MigrateCommand());

        string[] expected = kind == LegacyKind.PreRealtime
            ? ["000_create_core_tables", "001_add_realtime_tables", "002_add_realtime_fields", "003_optimize_realtime_indexes"]
            : ["000_create_core_tables"];
        Assert.Equal(expected, result.Applied.Select(m => m.Version.Id));
        Assert.Equal(before, Contents(columns));
        Assert.True(Engine().GetStatus().IsUpToDate);
        Assert.True(Engine().GetStatus().CanTakeMetrics);
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public void Migrate_before_realtime_ends_at_the_fresh_schema()
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);
        var fresh = new SqliteFile(Folder.File("fresh.db"));

        Engine().Migrate(new MigrateCommand());
        Engine($"Data Source={fresh.Path}").Migrate(new MigrateCommand());

        Assert.Equal(fresh.Structure(), File.Structure());
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Rollback_to_000_and_up_again_keeps_the_core_rows(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        string[] core = ["id", "raw_log_id", "timestamp", "source", "message", "category", "parsed_at"];
        var columns = CoreTables.ToDictionary(t => t, t => t == "events" ? core : Columns(t));
        var before = Contents(columns);
        Engine().Migrate(new MigrateCommand());

        var down = Engine().Rollback(new RollbackCommand { ToVersion = "000", MaxValuesLost = long.MaxValue });

        Assert.Equal(3, down.RolledBack.Count);
        Assert.Equal(core, Columns("events"));
        Assert.Equal(before, Contents(columns));
        Assert.DoesNotContain("processing_metrics", File.Tables());
        Assert.Equal(kind == LegacyKind.PreRealtime, !File.Tables().Contains("users"));

        var up = Engine().Migrate(new MigrateCommand());

        Assert.Equal(3, up.Applied.Count);
        Assert.Equal(before, Contents(columns));
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Migrate_history_stays_readable_and_writable_by_the_original_tool(LegacyKind kind, bool genuine)
    {
        Prepare(kind, genuine);
        IReadOnlyList<string> before = kind == LegacyKind.PreRealtime ? [] : File.Lines(OriginalReading);

        Engine().Migrate(new MigrateCommand());

        var after = File.Lines(OriginalReading);
        Assert.Equal(before, after.Take(before.Count));
        var added = after.Skip(before.Count).ToList();
        Assert.StartsWith("000_create_core_tables|Create the core tables", added[0], StringComparison.Ordinal);
        Assert.Equal(kind == LegacyKind.PreRealtime ? 4 : 1, added.Count);
        // What its tool takes for applied, in its own words; what it finds there it does not run again.
        string[] recorded = ["001_add_realtime_tables", "002_add_realtime_fields", "003_optimize_realtime_indexes"];
        Assert.Equal(
            kind == LegacyKind.PreRealtime ? recorded : [.. recorded, "004_add_auth_audit_tables"],
            File.Lines("SELECT version FROM schema_migrations WHERE version <> '000_create_core_tables' ORDER BY version"));
        Assert.All(File.Lines("SELECT applied_at FROM schema_migrations"), stamp => Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$", stamp));
        // Its own statements, as it sends them.
        File.Execute("INSERT INTO schema_migrations (version, description, rollback_sql) VALUES ('003b', 'x', 'y')");
        File.Execute("DELETE FROM schema_migrations WHERE version = '003b'");
        Assert.Equal(after, File.Lines(OriginalReading));
    }

    [Fact]
    public void Migrate_gap_that_the_original_tool_left_is_filled()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        File.Execute(
            """
            DROP TABLE log_sources; DROP TABLE monitoring_config; DROP TABLE processing_metrics; DROP TABLE notification_history;
            DELETE FROM schema_migrations WHERE version = '001_add_realtime_tables';
            """);

        var result = Engine().Migrate(new MigrateCommand());

        Assert.Equal(["000_create_core_tables", "001_add_realtime_tables"], result.Applied.Select(m => m.Version.Id));
        Assert.True(Engine().GetStatus().CanTakeMetrics);
    }

    private void Prepare(LegacyKind kind, bool genuine) => LegacyDatabase.Prepare(kind, genuine, File.Path);

    private string[] Columns(string table) => [.. File.Lines($"SELECT name FROM pragma_table_info('{table}')")];

    // The history is left out: it gains rows by design.
    private SortedDictionary<string, string> Contents(Dictionary<string, string[]> columns) => new(columns
        .Where(t => t.Key != "schema_migrations")
        .ToDictionary(t => t.Key, t => File.Content(t.Key, string.Join(", ", t.Value))));
}
