using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Testing;
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
    public async Task Key_per_row_and_timestamps_out_of_order_are_summed_up_too()
    {
        Migrated(0);
        var random = new Random(42);

        await StoreAsync([.. Enumerable.Range(0, 3_000).Select(i => Sample(At(random.Next(24), random.Next(60)), "1", $"source-{i}"))]);

        Assert.Equal(3_000L, File.Scalar("SELECT count(*) FROM maintenance_metric_rollups"));
        AssertTruth();
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

    private static string Name(Random random) => random.Next(4) switch
    {
        0 => "nginx",
        1 => "日志;'\"",
        2 => "\uFFFD",
        _ => "\U0001F600 line\nbreak",
    };

    private static DateTimeOffset Moment(Random random) => At(random.Next(11, 14), random.Next(3), random.Next(60) + (random.Next(3) * 0.25), random.Next(1, 3));
}
