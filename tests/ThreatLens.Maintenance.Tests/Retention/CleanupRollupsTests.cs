using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Maintenance.Tests.Statistics;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>Metrics go, their sums stay: whatever was summed up before, and whichever ids are given out again.</summary>
public sealed class CleanupRollupsTests : MetricsTestBase
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_rows_that_were_never_summed_up_stay_in_the_minutes(bool legacy)
    {
        Prepare(legacy);
        Ingest.Rollups = false;
        await StoreAsync(Enumerable.Range(0, 3 * RollupCatchUp.FirstRows).Select(i => Sample(At(12, i % 60, i % 50), $"{i}", $"source-{i % 3}")));
        Insert("2026-09-01T12:30:00.5", "7");
        Insert("2026-09-01 12:31:00", "{\"value\": 8}");
        var minutes = Minutes();

        Assert.Equal((3 * RollupCatchUp.FirstRows) + 2, Clean());

        Assert.Empty(ReadAll(Query(MetricResolution.Raw)));
        Assert.Equal(minutes, Minutes());
    }

    [Fact]
    public async Task Run_rows_older_than_the_sums_are_kept_makes_no_sums_to_delete()
    {
        Prepare(legacy: false);
        Ingest.Rollups = false;
        await StoreAsync([Sample(At(12, 0), "4"), Sample(At(12, 1), "8")]);
        Insert("2026-10-01 12:00:00", "16");

        var result = Run(retention: new RetentionOptions { Rollups = new TableRetentionOptions { MaxAge = TimeSpan.FromDays(50) } }, tables: ["processing_metrics", "maintenance_metric_rollups"]);

        Assert.Equal((3, 0), (result.Tables.Single(t => t.Table == "processing_metrics").Rows, result.Tables.Single(t => t.Table == "maintenance_metric_rollups").Rows));
        Assert.Equal(["2026-10-01 12:00|nginx|latency|1|0|16|16|16|16"], Minutes());
    }

    [Fact]
    public async Task Run_without_rollups_sums_nothing_up()
    {
        Prepare(legacy: false);
        Ingest.Rollups = false;
        await StoreAsync([Sample(At(12, 0), "4")]);

        Assert.Equal(1, Clean(new IngestOptions { Rollups = false }));

        Assert.Equal(0L, File.Scalar("SELECT count(*) FROM maintenance_metric_rollups"));
    }

    [Fact]
    public async Task Run_newest_rows_gone_where_ids_come_again_keeps_their_minutes_and_adds_new_ones()
    {
        Prepare(legacy: true);
        for (var round = 0; round < Rounds.Count; round++)
        {
            var minutes = Minutes();
            await StoreAsync([Sample(At(12, round), "1"), Sample(At(13, round), "2"), Sample(At(13, round), "3")]);
            Insert($"2026-09-01 14:{round:00}:00", "5");

            Assert.Equal(4, Clean());

            string[] expected = [.. minutes, $"2026-09-01 12:{round:00}|nginx|latency|1|0|1|1|1|1", $"2026-09-01 13:{round:00}|nginx|latency|2|0|5|2|3|3", $"2026-09-01 14:{round:00}|nginx|latency|1|0|5|5|5|5"];
            Assert.Equal(expected.Order(StringComparer.Ordinal), Minutes());
            CatchUpAll();
            Assert.Equal(expected.Order(StringComparer.Ordinal), Minutes());
        }

        // The ids did come again, or there was nothing to be seen here.
        await StoreAsync([Sample(At(15, 0))]);
        Assert.Equal(1L, File.Scalar("SELECT max(id) FROM processing_metrics"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_newest_ids_with_the_oldest_times_gone_keeps_what_is_left_and_what_comes(bool othersAdd)
    {
        Prepare(legacy: true);
        await StoreAsync([Sample(Recent, "1"), Sample(Recent, "2")]);
        await StoreAsync([Sample(At(12, 0), "4"), Sample(At(12, 1), "8")]);

        Assert.Equal(2, Clean());

        Assert.Equal(2L, File.Scalar("SELECT max(id) FROM processing_metrics"));
        string[] kept = ["2026-09-01 12:00|nginx|latency|1|0|4|4|4|4", "2026-09-01 12:01|nginx|latency|1|0|8|8|8|8"];
        Assert.Equal([.. kept, "2026-10-31 12:00|nginx|latency|2|0|3|1|2|2"], Minutes());
        if (othersAdd)
            Insert("2026-10-31 12:00:30", "16");
        else
            await StoreAsync([Sample(Recent.AddSeconds(30), "16")]);
        Assert.Equal([.. kept, "2026-10-31 12:00|nginx|latency|3|0|19|1|16|16"], Minutes());
        CatchUpAll();
        Assert.Equal(0, Pending());
        Assert.Equal([.. kept, "2026-10-31 12:00|nginx|latency|3|0|19|1|16|16"], Minutes());
    }

    [Fact]
    public async Task SumUpAll_others_add_rows_all_the_time_ends_with_what_was_there()
    {
        Prepare(legacy: false);
        Ingest.Rollups = false;
        await StoreAsync(Enumerable.Range(0, 6 * RollupCatchUp.FirstRows).Select(i => Sample(At(12, i % 60))));
        var newest = File.Scalar("SELECT max(id) FROM processing_metrics");
        using var ended = new CancellationTokenSource();
        var adding = Task.Run(async () =>
        {
            // SQLite gives the lock to whoever polls at the right moment: without a gap it might never be the other one.
            for (; !ended.IsCancellationRequested; await Task.Delay(2))
                Insert("2026-09-01 13:00:00");
        });

        CatchUp().SumUpAll(static _ => true, CancellationToken.None);

        await ended.CancelAsync();
        await adding;
        Assert.Equal(0L, File.Scalar($"SELECT count(*) FROM processing_metrics m WHERE id <= {newest} AND EXISTS (SELECT 1 FROM maintenance_rollup_pending WHERE m.id BETWEEN first_id AND last_id)"));
        AssertTruth();
    }

    private static DateTimeOffset Recent { get; } = new(2026, 10, 31, 12, 0, 0, TimeSpan.Zero);

    private void Prepare(bool legacy)
    {
        if (legacy)
            LegacyDatabase.Build(LegacyKind.Clean, File.Path);
        Migrated(0);
        File.Execute("DELETE FROM processing_metrics");
    }

    private List<string> Minutes() => [.. ReadAll(Query(MetricResolution.Minute)).Select(Line)];

    /// <returns>How many metrics went.</returns>
    private long Clean(IngestOptions? ingest = null, RetentionOptions? retention = null) => Run(ingest, retention).Tables.Sum(t => t.Rows);

    private CleanupResult Run(IngestOptions? ingest = null, RetentionOptions? retention = null, params string[] tables)
    {
        var (database, time) = (Database(), new FakeTimeProvider(new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero)));
        var (options, statistics) = (Microsoft.Extensions.Options.Options.Create(retention ?? new RetentionOptions()), new IngestStatistics(time));
        using var checkpointer = new WalCheckpointer(database, NullLogger<WalCheckpointer>.Instance);
        var planner = new CleanupPlanner(database, options, statistics, time);
        var cleaner = new Cleaner(database, planner, new RollupCatchUp(database), checkpointer, options, Microsoft.Extensions.Options.Options.Create(ingest ?? new IngestOptions()), statistics, time, NullLogger<Cleaner>.Instance);
        var command = new CleanupCommand { Tables = tables.Length > 0 ? tables : ["processing_metrics"] };
        var planned = planner.Plan(command, CancellationToken.None).Tables.Select(t => (t.Table, t.Rows));
        var result = cleaner.Run(command, NewId(), null, CancellationToken.None);
        Assert.Equal(planned, result.Tables.Select(t => (t.Table, t.Rows)));
        return result;
    }
}
