using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Planning;
using ThreatLens.Maintenance.Migrations.Rehearsal;
using ThreatLens.Maintenance.Tests.Backups;
using ThreatLens.Maintenance.Tests.Migrations.Folders;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Planning;

public sealed class RehearsalTests : BackupTestBase
{
    private const string Filled =
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, NULL); CREATE TABLE other (id INTEGER PRIMARY KEY, n INTEGER);";

    [Fact]
    public void Migrate_passes_measures_and_tells_what_a_rollback_would_lose()
    {
        var before = Prepare();

        var plan = Rehearse("CREATE TABLE more (id INTEGER); INSERT INTO more SELECT id FROM t; ALTER TABLE t ADD COLUMN b INTEGER DEFAULT 7;", "DROP TABLE more; ALTER TABLE t DROP COLUMN b;");

        var rehearsal = plan.Rehearsal!;
        Assert.Null(rehearsal.Failure);
        Assert.Equal(["more: 3 rows, 3 values", "t.b: 3 values"], ValueLoss.Describe(rehearsal.Losses));
        Assert.True(rehearsal.PeakWalBytes > 0 && rehearsal.UpDuration > TimeSpan.Zero && rehearsal.DownDuration > TimeSpan.Zero && rehearsal.LongestWriteLock > TimeSpan.Zero, $"{rehearsal}");
        Assert.Equal(before, File.Snapshot());
        Assert.Empty(Leftovers());
    }

    [Fact]
    public void Migrate_rows_behind_a_rebuilt_table_are_found_out()
    {
        Prepare();

        var plan = Rehearse(
            "-- threatlens: rebuild-table\nCREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER UNIQUE);\nINSERT OR IGNORE INTO t (id, n) VALUES (3, 1), (4, 1), (5, 1);",
            "DELETE FROM t WHERE id > 3;");

        Assert.Equal(1L, plan.Steps.Single().Statements[1].Rows);
    }

    [Fact]
    public void Migrate_rows_that_no_plan_can_tell_are_found_out()
    {
        Prepare();
        const string Up = "INSERT OR IGNORE INTO other SELECT id, 1 FROM t; UPDATE other SET n = t.id FROM t WHERE t.id = other.id AND t.a = 'x'; CREATE INDEX i ON other (n) WHERE n > 1; DELETE FROM other WHERE n = 1;";
        Assert.Equal([null, null, null, null], Engine(Catalog($"-- threatlens: allow destructive\n{Up}", "SELECT 1;")).PlanMigrate(new MigrateCommand()).Steps.Single().Statements.Select(s => s.Rows));

        var plan = Rehearse($"-- threatlens: allow destructive\n{Up}", "DELETE FROM other; DROP INDEX i;");

        Assert.Equal([3L, 2L, 1L, 2L], plan.Steps.Single().Statements.Select(s => s.Rows));
        Assert.Null(plan.Rehearsal!.Failure);
    }

    [Theory]
    [InlineData("CREATE UNIQUE INDEX u ON t (a);", "DROP INDEX u;", "up", "MIGRATION_FAILED", "002_next.up.sql")]
    [InlineData("DELETE FROM t;", "SELECT 1;", "up", "LINT_FAILED", "002_next.up.sql")]
    [InlineData("CREATE TABLE more (id INTEGER);", "DROP TABLE nowhere;", "down", "MIGRATION_FAILED", "002_next.down.sql")]
    [InlineData("CREATE TABLE more (id INTEGER);", "SELECT 1;", "up again", "MIGRATION_FAILED", "002_next.up.sql")]
    [InlineData("CREATE TABLE IF NOT EXISTS more (id INTEGER); CREATE INDEX IF NOT EXISTS i ON t (a);", "DROP TABLE more; DROP INDEX i; CREATE INDEX i ON t (id);", "compare", "MIGRATION_FAILED", null)]
    public void Migrate_that_does_not_pass_is_a_result_that_names_run_and_statement(string up, string down, string phase, string reason, string? script)
    {
        var before = Prepare();

        var failure = Rehearse(up, down).Rehearsal!.Failure!;

        Assert.Equal((phase, reason, script), (failure.Phase, failure.Reason, failure.Metadata.GetValueOrDefault("script")));
        Assert.Equal(before, File.Snapshot());
        Assert.Empty(Leftovers());
    }

    [Theory]
    [InlineData(LegacyKind.Clean)]
    [InlineData(LegacyKind.Drifted)]
    [InlineData(LegacyKind.PreRealtime)]
    public void Migrate_of_a_legacy_database_stops_above_the_core_tables_on_its_way_down(LegacyKind kind)
    {
        LegacyDatabase.Build(kind, File.Path);
        var before = File.Snapshot();

        var rehearsal = Rehearsals(Product).Migrate(Engine().PlanMigrate(new MigrateCommand()), new MigrateCommand(), CancellationToken.None).Rehearsal!;

        Assert.True(rehearsal.Failure is null, rehearsal.Failure?.Message);
        Assert.StartsWith("000_create_core_tables is not undone", rehearsal.NotUndone, StringComparison.Ordinal);
        Assert.Contains(rehearsal.Losses, l => l is { Table: "events", Column: "realtime_processed", Values: > 0 });
        Assert.Equal(before, File.Snapshot());
    }

    [Fact]
    public void Migrate_without_a_way_back_tells_the_write_lock_of_the_way_up()
    {
        Prepare();

        var rehearsal = Rehearse("CREATE TABLE more (id INTEGER);", "-- threatlens: refuse-if-rows t\nDROP TABLE more;").Rehearsal!;

        Assert.NotNull(rehearsal.NotUndone);
        Assert.True(rehearsal.UpDuration > TimeSpan.Zero && rehearsal.LongestWriteLock == rehearsal.UpDuration, $"{rehearsal}");
    }

    [Fact]
    public void Migrate_hook_that_holds_the_write_lock_longest_is_what_is_told()
    {
        var clock = new FakeTimeProvider();
        var catalog = new ScriptFolder(Folder.File("scripts")).With("1000_a.up.sql", "CREATE TABLE a (x);").With("1000_a.down.sql", "DROP TABLE a;")
            .With("beforeMigrate.sql", "CREATE TABLE hooked_rehearsal (x);").With("beforeRollback.sql", "DROP TABLE hooked_rehearsal;").Load();
        Engine(Product).Migrate(new MigrateCommand());
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MaintenanceDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => clock.Advance(activity.DisplayName is "CREATE TABLE hooked_rehearsal" ? TimeSpan.FromHours(1) : TimeSpan.Zero),
        };
        ActivitySource.AddActivityListener(listener);

        var rehearsal = Rehearsals(catalog, clock).Migrate(Engine(catalog).PlanMigrate(new MigrateCommand()), new MigrateCommand(), CancellationToken.None).Rehearsal!;

        Assert.True(rehearsal.Failure is null, rehearsal.Failure?.Message);
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.Zero), (rehearsal.LongestWriteLock, rehearsal.UpDuration));
    }

    [Theory]
    [InlineData("SELECT 1;", "-- threatlens: no-transaction\nVACUUM INTO 'elsewhere.db';", "002_next.down.sql, statement 1 (line 2)")]
    [InlineData("-- threatlens: no-transaction\nSELECT 1;\nATTACH 'elsewhere.db' AS e;", "SELECT 1;", "002_next.up.sql, statement 2 (line 3)")]
    public void Migrate_script_that_reaches_other_files_is_not_rehearsed_in_either_direction(string up, string down, string where)
    {
        Prepare();

        var error = Expect.BadField("rehearse", () => Rehearse(up, down));

        Assert.Contains(where, error.Message, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(Folder.File("elsewhere.db")) || System.IO.File.Exists("elsewhere.db"));
    }

    [Fact]
    public void Migrate_of_an_empty_database_locks_it_for_all_migrations_at_once()
    {
        System.IO.File.WriteAllBytes(File.Path, []);
        const string Rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO other SELECT i + (SELECT count(*) FROM other), i FROM n;";
        var catalog = new MigrationCatalog(
        [
            MigrationCatalogTests.Create("001_base", Filled + Rows, "DROP TABLE t; DROP TABLE other;"),
            // No way back: only the way up is measured.
            MigrationCatalogTests.Create("002_next", Rows, "-- threatlens: refuse-if-rows other\nSELECT 1;"),
        ]);

        var rehearsal = Rehearsals(catalog).Migrate(Engine(catalog).PlanMigrate(new MigrateCommand()), new MigrateCommand(), CancellationToken.None).Rehearsal!;

        Assert.True(rehearsal.Failure is null, rehearsal.Failure?.Message);
        Assert.NotNull(rehearsal.NotUndone);
        Assert.True(rehearsal.UpDuration > TimeSpan.Zero && rehearsal.LongestWriteLock >= rehearsal.UpDuration, $"{rehearsal}");
    }

    [Fact]
    public void Rollback_goes_down_up_and_down_again()
    {
        Prepare();
        var catalog = Catalog("ALTER TABLE t ADD COLUMN b INTEGER DEFAULT 7;", "ALTER TABLE t DROP COLUMN b;");
        Engine(catalog).Migrate(new MigrateCommand());
        var before = File.Snapshot();

        var plan = Rehearsals(catalog).Rollback(Engine(catalog).PlanRollback(new RollbackCommand()), new RollbackCommand(), CancellationToken.None);

        Assert.Null(plan.Rehearsal!.Failure);
        Assert.Equal(["t.b: 3 values"], plan.Rehearsal.Losses.Select(l => l.ToString()));
        Assert.Equal(before, File.Snapshot());
    }

    [Fact]
    public void Rehearsals_exclude_each_other_and_no_backup()
    {
        Prepare();
        using var held = Backups().EnterRehearsal(new LockOwner("the test"));

        var error = Expect.Failure(ErrorKind.Aborted, ErrorReasons.OperationConflict, () => Rehearse("CREATE TABLE more (id INTEGER);", "DROP TABLE more;"));

        Assert.Contains("rehearsal", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.RetryAfter);
        Assert.NotEmpty(Take().Name);
    }

    [Fact]
    public void Copy_that_a_crash_left_goes_with_the_next_backup_but_not_one_in_use()
    {
        Prepare();
        Take();
        var copy = Path.Combine(Directory, ".threatlens~rehearsal-x.tmp");
        System.IO.File.WriteAllText(copy, "left");
        using (Backups().EnterRehearsal(new LockOwner("the test")))
        {
            Assert.False(System.IO.File.Exists(copy));
            System.IO.File.WriteAllText(copy, "in use");
            Take();
            Assert.True(System.IO.File.Exists(copy));
        }

        Take();

        Assert.False(System.IO.File.Exists(copy));
    }

    [Fact]
    public void Migrate_without_room_for_the_copy_says_so_and_leaves_nothing()
    {
        Prepare();
        using var disk = SmallDisk.TryMount(Folder.File("small"), 4);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        Options.Directory = disk.Path;
        disk.FillBut(512 * 1024);

        var error = Expect.Failure(ErrorKind.ResourceExhausted, ErrorReasons.BackupNoSpace, () => Rehearse("CREATE TABLE more (id INTEGER);", "DROP TABLE more;"));

        Assert.Contains("requiredBytes", error.Metadata);
        Assert.DoesNotContain(System.IO.Directory.EnumerateFiles(disk.Path), f => f.Contains("rehearsal-", StringComparison.Ordinal));
    }

    private string Prepare()
    {
        Engine(Catalog("SELECT 1;", "SELECT 1;")).Migrate(new MigrateCommand { TargetVersion = "001" });
        return File.Snapshot();
    }

    private MigrationPlan Rehearse(string up, string down)
    {
        var catalog = Catalog(up, down);
        return Rehearsals(catalog).Migrate(Engine(catalog).PlanMigrate(new MigrateCommand()), new MigrateCommand(), CancellationToken.None);
    }

    private MigrationRehearsals Rehearsals(MigrationCatalog catalog, TimeProvider? clock = null) =>
        new(Database(), catalog, Backups(), Taker(), Microsoft.Extensions.Options.Options.Create(new MigrationOptions()), clock ?? TimeProvider.System);

    private MigrationEngine Engine(MigrationCatalog catalog) => Engine(catalog: catalog, busyTimeout: null);

    private static MigrationCatalog Catalog(string up, string down) =>
        new([MigrationCatalogTests.Create("001_base", Filled, "DROP TABLE t; DROP TABLE other;"), MigrationCatalogTests.Create("002_next", up, down)]);
}
