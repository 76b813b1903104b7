using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics;

/// <summary>Rollups never claim what they did not see, and leave out nothing that is stored.</summary>
public sealed class RollupTests : MetricsTestBase
{
    private static readonly string[] Values = ["1", "-2.5", "0.25", "{\"value\": 8}", "{\"value\": \"8\"}", "\"4\"", "true", "[1]", "1024"];

    [Fact]
    public async Task Stored_samples_are_summed_up_per_minute_with_their_commit()
    {
        Migrated(0);

        await StoreAsync(
        [
            Sample(At(12, 0, 1), "5"), Sample(At(12, 0, 59.999999), "{\"value\": 3}"), Sample(At(12, 0, 30), "7"), Sample(At(12, 0, 30), "\"text\""),
            Sample(At(12, 1), "-1"), Sample(At(12, 0, 2), "2", "apache"), Sample(At(12, 0, 2), "true", type: "state"),
        ]);

        Assert.Equal(0, Pending());
        Assert.Equal(
            [
                "2026-09-01 12:00|apache|latency|1|0|2|2|2|2", "2026-09-01 12:00|nginx|latency|3|1|15|3|7|3", "2026-09-01 12:00|nginx|state|0|1|0|0|0|0",
                "2026-09-01 12:01|nginx|latency|1|0|-1|-1|-1|-1",
            ],
            ReadAll(Query(MetricResolution.Minute)).Select(Line));
        AssertTruth();
    }

    [Fact]
    public async Task Last_is_the_newest_sample_and_among_equals_the_one_stored_last_across_commits()
    {
        Migrated(0);

        await StoreAsync([Sample(At(12, 0, 30), "1"), Sample(At(12, 0, 30), "2"), Sample(At(12, 0, 10), "3")]);
        Assert.Equal(2, Assert.Single(ReadAll(Query(MetricResolution.Minute))).Summary!.Last);
        await StoreAsync([Sample(At(12, 0, 30), "4")]);
        await StoreAsync([Sample(At(12, 0, 29), "5"), Sample(At(12, 0, 59), "\"no number\"")]);

        Assert.Equal(4, Assert.Single(ReadAll(Query(MetricResolution.Hour))).Summary!.Last);
        AssertTruth();
    }

    [Fact]
    public async Task Whatever_is_stored_replayed_and_added_by_others_minutes_and_hours_are_what_the_rows_come_to()
    {
        for (var round = 0; round < Rounds.Count; round++)
        {
            using var test = new RollupTests();
            await test.MixAsync(new Random(4711 + round));
        }
    }

    private async Task MixAsync(Random random)
    {
        Migrated(0);
        for (var step = 0; step < 12; step++)
        {
            Ingest.Rollups = random.Next(4) > 0;
            switch (random.Next(4))
            {
                case 0:
                    for (var i = random.Next(1, 30); i > 0; i--)
                        Insert(SqliteTimestamp.Format(Moment(random)).Replace(random.Next(2) == 0 ? " " : "-", random.Next(2) == 0 ? "T" : "-", StringComparison.Ordinal)[..random.Next(19, 27)].TrimEnd('.'), Values[random.Next(Values.Length)], Name(random), Name(random));
                    break;
                case 1:
                    CatchUp().Step(CancellationToken.None);
                    break;
                default:
                    await StoreAsync([.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => Sample(Moment(random), Values[random.Next(Values.Length)], Name(random), Name(random)))], random.Next(1, 100));
                    break;
            }
        }

        AssertTruth();
        CatchUpAll();
        Assert.Equal(0, Pending());
        AssertTruth();
    }

    [Fact]
    public async Task Rows_of_before_and_of_others_are_read_from_themselves_then_summed_up_in_the_background()
    {
        LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp)
            SELECT 'source-' || (i % 3), 'throughput', '{"value": ' || i || '.5}',
                CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN strftime('%Y-%m-%d %H:%M:%S', 1788000000 + i * 7, 'unixepoch')
                    WHEN 2 THEN strftime('%Y-%m-%dT%H:%M:%S', 1788000000 + i * 7, 'unixepoch') || '.250000' ELSE strftime('%Y-%m-%d %H:%M:%S', 1788000000 + i * 7, 'unixepoch') || '.125' END
            FROM n
            """);
        AssertTruth();
        Migrated(0);
        AssertTruth();

        await StoreAsync([Sample(DateTimeOffset.FromUnixTimeSeconds(1788000000), "3", "source-1", "throughput")]);

        Assert.Equal(2_501, Pending());
        AssertTruth();
        Assert.True(CatchUp().Step(CancellationToken.None));
        Assert.Equal(2_501 - RollupCatchUp.FirstRows, Pending());
        AssertTruth();
        Insert("2026-09-01T00:00:01", "17");
        CatchUpAll();
        Assert.Equal(0, Pending());
        AssertTruth();
        Assert.False(CatchUp().Step(CancellationToken.None));
    }

    [Theory]
    [InlineData(0, 200, 250, 300)]
    [InlineData(1, 200, 100, 50)]
    public void Step_that_takes_long_makes_the_next_one_smaller_and_others_larger(int secondsALook, int first, int second, int third)
    {
        Migrated(0);
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 'nginx', 'latency', '1', '2026-09-01 00:00:01.000000' FROM n
            """);
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={File.Path}" }, new HurryingTime(secondsALook));
        var catchUp = new RollupCatchUp(database);

        Assert.Equal([first, second, third], Enumerable.Range(0, 3).Select(_ =>
        {
            var before = Pending();
            Assert.True(catchUp.Step(CancellationToken.None));
            return before - Pending();
        }));
    }

    [Fact]
    public async Task Sum_beyond_the_largest_double_stays_there_and_ingest_goes_on()
    {
        Migrated(0);

        await StoreAsync([Sample(At(12, 0), "1.7e308"), Sample(At(12, 0), "1.7e308")]);
        await StoreAsync([Sample(At(12, 0), "1.7e308")]);
        Assert.Equal(double.MaxValue, Assert.Single(ReadAll(Query(MetricResolution.Minute))).Summary!.Sum);
        await StoreAsync([Sample(At(12, 0), "-1.7e308"), Sample(At(12, 0), "-1.7e308")]);

        var summary = Assert.Single(ReadAll(Query(MetricResolution.Minute))).Summary!;
        Assert.Equal((5, -1.7e308, 1.7e308), (summary.Count, summary.Min, summary.Max));
        Assert.True(double.IsFinite(summary.Sum));
    }

    [Fact]
    public async Task Group_that_rolls_back_and_batch_that_is_refused_leave_nothing_in_the_rollups()
    {
        Migrated(0);
        await StoreAsync([Sample(At(12, 0), "1")]);
        using var writer = Writer();
        var (session, _) = await writer.OpenAsync("p", "test", CancellationToken.None);
        Task<BatchOutcome> Write(long sequence, string value) =>
            writer.WriteAsync(session, BatchValidator.Validate(new MetricBatch(sequence, [Sample(At(12, 0), value)], [], 100), At(12, 0)), CancellationToken.None).AsTask().Unwrap();

        // The rows go in, and then something that only this test makes fails within the same transaction.
        File.Execute("CREATE TRIGGER refuse BEFORE UPDATE ON maintenance_producers BEGIN SELECT RAISE(ABORT, 'test'); END");
        await Assert.ThrowsAsync<MaintenanceException>(() => Write(1, "100"));
        File.Execute("DROP TRIGGER refuse");
        await Assert.ThrowsAsync<MaintenanceException>(() => Write(7, "200"));
        Assert.Equal(1, (await Write(1, "2")).Accepted);
        Assert.True((await Write(1, "300")).IsDuplicate);
        await writer.StopAsync(CancellationToken.None);

        Assert.Equal("2026-09-01 12:00|nginx|latency|2|0|3|1|2|2", Line(Assert.Single(ReadAll(Query(MetricResolution.Minute)))));
        AssertTruth();
    }

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

        Restorer().Restore(new ThreatLens.Maintenance.Backups.RestoreCommand { BackupName = backup.Name, MaxRowsLost = 2 }, NewId());

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

        Restorer().Restore(new ThreatLens.Maintenance.Backups.RestoreCommand { BackupName = backup.Name, MaxRowsLost = 1 }, NewId());

        AssertTruth();
        Assert.Equal(1, Pending());
        CatchUpAll();
        AssertTruth();
    }

    [Fact]
    public async Task Tables_of_the_service_before_this_one_are_upgraded_with_what_they_hold()
    {
        Migrated(0);
        await StoreAsync([Sample(At(12, 0), "1")]);
        File.Execute("DROP TABLE maintenance_metric_rollups; DROP TABLE maintenance_rollup_pending; DROP TABLE maintenance_holds; DROP TABLE maintenance_cleanups; DROP TABLE maintenance_health_samples; DROP TABLE maintenance_restore_drills; DROP TABLE maintenance_source_rhythms; DROP TABLE maintenance_clock_acceptances; DROP TABLE maintenance_schedules; DROP TABLE maintenance_integrity_checks; UPDATE maintenance_schema SET version = 1");
        AssertTruth();
        Assert.False(CatchUp().Step(CancellationToken.None));

        await StoreAsync([Sample(At(12, 0), "2")]);

        Assert.Equal((long)ServiceSchema.LatestVersion, File.Scalar("SELECT version FROM maintenance_schema"));
        Assert.Equal(2L, File.Scalar("SELECT count(*) FROM maintenance_producers"));
        AssertTruth();
        CatchUpAll();
        AssertTruth();
    }

    [Fact]
    public async Task Database_of_a_newer_service_is_not_summed_up()
    {
        Migrated(0);
        Ingest.Rollups = false;
        await StoreAsync([Sample(At(12, 0))]);
        File.Execute("UPDATE maintenance_schema SET version = 99");

        Assert.False(CatchUp().Step(CancellationToken.None));

        Assert.Equal(1, Pending());
    }

    [Fact]
    public async Task Key_per_row_and_timestamps_out_of_order_are_summed_up_too()
    {
        Migrated(0);
        var random = new Random(42);

        await StoreAsync([.. Enumerable.Range(0, 3_000).Select(i => Sample(At(random.Next(24), random.Next(60)), "1", $"source-{i}"))]);

        Assert.Equal(3_000L, File.Scalar("SELECT count(*) FROM maintenance_metric_rollups"));
        AssertTruth();
    }

    private static string Name(Random random) => random.Next(4) switch
    {
        0 => "nginx",
        1 => "日志;'\"",
        2 => "\uFFFD",
        _ => "\U0001F600 line\nbreak",
    };

    private static DateTimeOffset Moment(Random random) => At(random.Next(11, 14), random.Next(3), random.Next(60) + (random.Next(3) * 0.25), random.Next(1, 3));

    /// <summary>A clock on which so many seconds pass between two looks.</summary>
    private sealed class HurryingTime(int seconds) : TimeProvider
    {
        private long _looks;

        public override long GetTimestamp() => Interlocked.Increment(ref _looks) * seconds * TimestampFrequency;
    }
}
