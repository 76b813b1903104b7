using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Planning;
using ThreatLens.Maintenance.Tests.Backups;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Planning;

public sealed class ChangeSpaceTests : BackupTestBase
{
    private const string Rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO t SELECT i, hex(randomblob(100)) FROM n;";

    private static readonly MigrationCatalog Catalog = new(
    [
        MigrationCatalogTests.Create("001_base", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);", "DROP TABLE t;"),
        MigrationCatalogTests.Create("002_index", "CREATE INDEX i ON t (a);", "DROP INDEX i;"),
    ]);

    [Fact]
    public void Measure_estimates_an_index_and_the_backup_about_as_large_as_they_become()
    {
        var engine = Engine(catalog: Catalog);
        engine.Migrate(new MigrateCommand { TargetVersion = "001" });
        File.Execute(Rows);
        var size = Pages();

        var plan = Space(Database()).Measure(engine.PlanMigrate(new MigrateCommand()));
        engine.Migrate(new MigrateCommand());

        var grown = (Pages() - size) * 4096;
        Assert.InRange(plan.NewBytes, grown / 2, grown * 2);
        Assert.InRange(plan.BackupBytes, size * 4096 / 2, size * 4096);
        Assert.True(plan.RequiredFreeBytes >= plan.BackupBytes + (2 * plan.NewBytes), $"{plan}");

        long Pages() => (long)File.Scalar("PRAGMA page_count")!;
    }

    [Fact]
    public void Require_without_room_refuses_before_anything_is_written()
    {
        using var disk = SmallDisk.TryMount(Folder.File("small"), 16);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        var file = new SqliteFile(Path.Combine(disk.Path, "threatlens.db"));
        var database = At(file.Path);
        var engine = Engine($"Data Source={file.Path}", catalog: Catalog);
        engine.Migrate(new MigrateCommand { TargetVersion = "001" });
        file.Execute(Rows);
        disk.FillBut(2 * 1024 * 1024);
        var before = file.Snapshot();

        var error = Expect.Failure(ErrorKind.ResourceExhausted, ErrorReasons.MigrationNoSpace, () => engine.Migrate(new MigrateCommand
        {
            BeforeChange = () =>
            {
                Space(database).Require(() => engine.PlanMigrate(new MigrateCommand()));
                return null;
            },
        }));

        Assert.True(long.Parse(error.Metadata["requiredBytes"], System.Globalization.CultureInfo.InvariantCulture) > long.Parse(error.Metadata["availableBytes"], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(before, file.Snapshot());
        System.IO.File.Delete(Path.Combine(disk.Path, "ballast"));
        Space(database).Require(() => engine.PlanMigrate(new MigrateCommand()));
    }

    [Fact]
    public void Measure_of_nothing_to_do_needs_nothing()
    {
        var engine = Engine(catalog: Catalog);
        engine.Migrate(new MigrateCommand());
        File.Execute(Rows);

        var plan = Space(Database()).Measure(engine.PlanMigrate(new MigrateCommand()));

        Assert.Equal((0, 0), (plan.BackupBytes, plan.RequiredFreeBytes));
        Assert.True(plan.AvailableFreeBytes > 0);
    }

    private ChangeSpace Space(SqliteDatabase database)
    {
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        return new ChangeSpace(database, new BackupBeforeChange(Taker(database), options), new BackupDirectory(database, options, TimeProvider.System));
    }
}
