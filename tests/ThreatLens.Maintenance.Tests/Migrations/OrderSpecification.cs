using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>Versions that come late, and versions that others stand on.</summary>
public abstract partial class MigrationEngineSpecification
{
    [Fact]
    public void Migrate_late_version_is_refused_when_strict_and_applied_in_order_when_allowed()
    {
        var second = MigrationCatalogTests.Create("002_second", "CREATE TABLE b (id INTEGER);");
        Engine(new MigrationCatalog([second])).Migrate(new MigrateCommand());
        var engine = Engine(new MigrationCatalog(
        [
            MigrationCatalogTests.Create("000_zeroth", "CREATE TABLE z (id INTEGER);"), MigrationCatalogTests.Create("001_first", "CREATE TABLE a (id INTEGER);"),
            second, MigrationCatalogTests.Create("003_third", "CREATE TABLE c (id INTEGER);"),
        ]));
        Expect.Refusal(ErrorReasons.VersionOutOfOrder, () => engine.Migrate(new MigrateCommand { Order = MigrationOrder.Strict }));

        var result = engine.Migrate(new MigrateCommand { TargetVersion = "002", Order = MigrationOrder.Allow });

        Assert.Equal(["000_zeroth", "001_first"], result.Applied.Select(m => m.Version.Id));
        Assert.Equal(("002_second", "002_second"), (result.From?.Id, result.To?.Id));
        Assert.True(engine.CheckRecorded().IsAsRecorded);
        Assert.True(engine.Validate().IsValid);
        Assert.Equal("003_third", Assert.Single(engine.Migrate(new MigrateCommand()).Applied).Version.Id);
    }

    [Fact]
    public void Rollback_version_with_later_ones_is_refused_or_cascades()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });
        var below = Structure();
        Engine().Migrate(new MigrateCommand());
        var refused = Expect.Refusal(ErrorReasons.LaterVersionsApplied, () => Engine().Rollback(new RollbackCommand { Version = "002" }));
        Assert.Equal(Indexes, refused.Metadata["laterVersions"]);

        var result = Engine().Rollback(new RollbackCommand { Version = "002", Cascade = true });

        Assert.Equal([Indexes, Fields], result.RolledBack.Select(m => m.Version.Id));
        Assert.Equal(below, Structure());
        Expect.Refusal(ErrorReasons.VersionNotApplied, () => Engine().Rollback(new RollbackCommand { Version = "002", Cascade = true }));
    }

    [Fact]
    public void Rollback_cascade_without_a_version_names_the_field()
    {
        Engine().Migrate(new MigrateCommand());

        Expect.BadField("cascade", () => Engine().Rollback(new RollbackCommand { ToVersion = "001", Cascade = true }));
        Expect.BadField("cascade", () => Engine().Rollback(new RollbackCommand { Steps = 1, Cascade = true }));
    }
}
