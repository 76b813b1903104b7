using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics;

/// <summary>Rows go away, one by one, with their table or with the whole database, and others come under their ids: the rollups go with them where they would be wrong.</summary>
public sealed class RollupLostRowsTests : MetricsTestBase
{
    [Fact]
    public async Task Rollback_that_drops_the_table_takes_the_rollups_with_it()
    {
        Migrated(0);
        await StoreAsync([Sample(At(12, 0)), Sample(At(12, 1))]);

        Engine().Rollback(new RollbackCommand { ToVersion = "000", MaxValuesLost = 10 });

        Assert.Equal(0L, File.Scalar("SELECT count(*) FROM maintenance_metric_rollups"));
        Expect.Refusal(ErrorReasons.SchemaNotReady, () => Reader().Read(Query(MetricResolution.Minute), 10, null));
        Engine().Migrate(new MigrateCommand());
        Assert.Empty(ReadAll(Query(MetricResolution.Minute)));
        await StoreAsync([Sample(At(12, 0), "9")]);
        AssertTruth();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Table_that_another_program_makes_anew_is_not_what_was_summed_up(bool hasSequence)
    {
        Migrated(0);
        await StoreAsync([Sample(At(12, 0)), Sample(At(12, 1)), Sample(At(12, 2))]);
        var table = (string)File.Scalar("SELECT sql FROM sqlite_master WHERE name = 'processing_metrics'")!;

        File.Execute("DROP TABLE processing_metrics;" + (hasSequence ? table : table.Replace("AUTOINCREMENT", "", StringComparison.Ordinal)));
        Assert.Empty(ReadAll(Query(MetricResolution.Minute)));
        Insert("2026-09-01 12:01:00", "5");
        AssertTruth();
        await StoreAsync([Sample(At(12, 0), "9")]);
        AssertTruth();
        CatchUpAll();
        AssertTruth();
    }

    [Fact]
    public async Task Newest_rows_deleted_where_ids_are_given_out_again_are_forgotten()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        Migrated(0);
        await StoreAsync([Sample(At(12, 0)), Sample(At(12, 1)), Sample(At(12, 2))]);

        File.Execute("DELETE FROM processing_metrics WHERE id = (SELECT max(id) FROM processing_metrics)");
        AssertTruth();
        CatchUpAll();
        AssertTruth();
        await StoreAsync([Sample(At(12, 5))]);
        AssertTruth();
    }

    [Fact]
    public async Task Oldest_rows_deleted_stay_in_the_rollups()
    {
        Migrated(0);
        await StoreAsync([Sample(At(12, 0)), Sample(At(12, 1)), Sample(At(12, 2))]);

        File.Execute("DELETE FROM processing_metrics WHERE id < 3");
        CatchUpAll();

        Assert.Equal(3, ReadAll(Query(MetricResolution.Minute)).Count);
        Assert.Single(ReadAll(Query(MetricResolution.Raw)));
    }

    [Fact]
    public async Task Row_with_the_last_id_there_is_costs_the_rollups_and_no_sample()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        Migrated(0);
        await StoreAsync([Sample(At(12, 0))]);
        File.Execute($"INSERT INTO processing_metrics(id, source_name, metric_type, metric_value, timestamp) VALUES ({long.MaxValue}, 's', 't', '1', '2026-09-01 12:00:00')");

        // From here on SQLite picks ids at random.
        await StoreAsync([.. Enumerable.Range(0, 50).Select(i => Sample(At(12, i)))]);
        AssertTruth();
        CatchUpAll();
        AssertTruth();
        await StoreAsync([.. Enumerable.Range(0, 50).Select(i => Sample(At(13, i)))], 1);
        AssertTruth();
    }

    [Fact]
    public async Task Restore_brings_the_rollups_of_its_rows()
    {
        Migrated(0);
        await StoreAsync([Sample(At(12, 0), "1")]);
        var backup = Take();
        await StoreAsync([Sample(At(12, 0), "2"), Sample(At(13, 0), "3")]);

        Restorer().Restore(new RestoreCommand { BackupName = backup.Name, MaxRowsLost = 2 }, NewId());

        AssertTruth();
        await StoreAsync([Sample(At(12, 0), "4")]);
        Assert.Equal(0, Pending());
        AssertTruth();
    }

    [Fact]
    public async Task Restore_of_a_backup_from_before_the_rollups_begins_without_them()
    {
        Engine().Migrate(new MigrateCommand());
        Insert("2026-09-01 12:00:00", "6");
        var backup = Take();
        Migrated(0);
        await StoreAsync([Sample(At(12, 0), "2")]);

        Restorer().Restore(new RestoreCommand { BackupName = backup.Name, MaxRowsLost = 1 }, NewId());

        AssertTruth();
        Assert.Equal(1, Pending());
        CatchUpAll();
        AssertTruth();
    }
}
