using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics;

/// <summary>What was stored before there were rollups, or by others, is summed up in the background.</summary>
public sealed class RollupCatchUpTests : MetricsTestBase
{
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

    /// <summary>A clock on which so many seconds pass between two looks.</summary>
    private sealed class HurryingTime(int seconds) : TimeProvider
    {
        private long _looks;

        public override long GetTimestamp() => Interlocked.Increment(ref _looks) * seconds * TimestampFrequency;
    }
}
