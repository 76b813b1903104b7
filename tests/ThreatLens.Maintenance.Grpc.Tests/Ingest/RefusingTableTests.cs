using Grpc.Core;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>Somebody gave the table rules of its own: what breaks them is rejected by itself, and keeps nobody else's metrics out.</summary>
public sealed class RefusingTableTests
{
    [Fact]
    public async Task Samples_that_the_table_refuses_are_named_and_the_rest_is_stored()
    {
        await using var service = await RunningService.StartAsync();
        service.Database.Execute("CREATE UNIQUE INDEX test_once ON processing_metrics(metric_metadata)");
        service.Database.Execute(
            "CREATE TRIGGER test_no_13 BEFORE INSERT ON processing_metrics WHEN NEW.metric_value = '13' BEGIN SELECT RAISE(ABORT, 'thirteen is not welcome'); END");
        using var producer = await Producer.HelloAsync(service, "refused");

        var acknowledgement = await producer.StoreAsync(Producer.Batch(
            1, Sample("1"), Sample("many"), Sample("13"), Sample("2", "once"), Sample(""), Sample("3", "once"), Sample("4")));

        Assert.Equal(3, acknowledgement.Accepted);
        Assert.Equal([1, 2, 4, 5], acknowledgement.Rejections.Select(r => r.Index).Order());
        Assert.Equal("is refused by the database: thirteen is not welcome", acknowledgement.Rejections.Single(r => r.Index == 2).Reason);
        Assert.Contains("UNIQUE", acknowledgement.Rejections.Single(r => r.Index == 5).Reason, StringComparison.Ordinal);
        Assert.Equal(["1", "2", "4"], service.Database.Lines("SELECT metric_value FROM processing_metrics ORDER BY id"));
        Assert.Equal(3L, service.Database.Scalar("SELECT sum(samples) FROM maintenance_metric_rollups"));
        Assert.True((await producer.StoreAsync(Producer.Batch(1, Sample("1")))).Duplicate);
    }

    [Fact]
    public async Task Source_that_undoes_the_whole_transaction_fails_its_batch_and_the_number_is_free_again()
    {
        await using var service = await RunningService.StartAsync();
        service.Database.Execute("CREATE TRIGGER test_undo BEFORE INSERT ON log_sources BEGIN SELECT RAISE(ROLLBACK, 'not here'); END");
        var batch = Producer.Batch(1, Sample("1"), Sample("2"));
        batch.Sources.Add(new SourceReport { SourceName = "refused-source", Path = "/refused", Status = LogSourceStatus.Active });
        using (var producer = await Producer.HelloAsync(service, "undone"))
        {
            await producer.SendAsync(batch);
            await Assert.ThrowsAsync<RpcException>(producer.AcknowledgedAsync);
        }

        Assert.Equal(0L, service.Database.Scalar("SELECT count(*) FROM processing_metrics"));
        service.Database.Execute("DROP TRIGGER test_undo");
        using var again = await Producer.HelloAsync(service, "undone");
        Assert.Equal(0, again.Welcome.LastSequence);
        Assert.Equal(2, (await again.StoreAsync(batch)).Accepted);
        Assert.Equal(2L, service.Database.Scalar("SELECT count(*) FROM processing_metrics"));
    }

    [Fact]
    public async Task Samples_that_the_table_ignores_are_named_and_not_counted()
    {
        await using var service = await RunningService.StartAsync();
        service.Database.Execute(
            "CREATE TRIGGER test_ignore BEFORE INSERT ON processing_metrics WHEN NEW.metric_value = '13' BEGIN SELECT RAISE(IGNORE); END");
        using var producer = await Producer.HelloAsync(service, "ignored");

        var acknowledgement = await producer.StoreAsync(Producer.Batch(1, Sample("13"), Sample("1"), Sample("13"), Sample("2")));

        Assert.Equal(2, acknowledgement.Accepted);
        Assert.Equal([0, 2], acknowledgement.Rejections.Select(r => r.Index));
        Assert.All(acknowledgement.Rejections, r => Assert.Contains("ignores such rows", r.Reason, StringComparison.Ordinal));
        Assert.Equal(["1", "2"], service.Database.Lines("SELECT metric_value FROM processing_metrics ORDER BY id"));
        Assert.Equal(2L, service.Database.Scalar("SELECT sum(samples) FROM maintenance_metric_rollups"));
    }

    [Theory]
    [InlineData("INSERT", "IGNORE", "ignores such rows")]
    [InlineData("UPDATE", "IGNORE", "ignores such rows")]
    [InlineData("INSERT", "ABORT, 'not that one'", "not that one")]
    public async Task Sources_that_the_table_refuses_or_ignores_are_named(string statement, string raise, string reason)
    {
        await using var service = await RunningService.StartAsync();
        using var producer = await Producer.HelloAsync(service, "ignored-sources");
        if (statement == "UPDATE")
            Assert.Empty((await producer.StoreAsync(Sources(1, "bad", "good"))).Rejections);
        service.Database.Execute($"CREATE TRIGGER test_sources BEFORE {statement} ON log_sources WHEN NEW.source_name = 'bad' BEGIN SELECT RAISE({raise}); END");

        var acknowledgement = await producer.StoreAsync(Sources(statement == "UPDATE" ? 2 : 1, "good", "bad", "better"));

        var rejection = Assert.Single(acknowledgement.Rejections);
        Assert.Equal((RejectedEntry.Source, 1, "source"), (rejection.Entry, rejection.Index, rejection.Field));
        Assert.Contains("is refused by the database", rejection.Reason, StringComparison.Ordinal);
        Assert.Contains(reason, rejection.Reason, StringComparison.Ordinal);
        Assert.Equal(["better", "good"], service.Database.Lines("SELECT source_name FROM log_sources WHERE source_name <> 'bad' ORDER BY 1"));
    }

    private static MetricBatch Sources(long sequence, params string[] names)
    {
        var batch = Producer.Batch(sequence);
        batch.Sources.AddRange(names.Select(name => new SourceReport { SourceName = name, Path = "/" + name, Status = LogSourceStatus.Active }));
        return batch;
    }

    private static MetricSample Sample(string value, string metadata = "") =>
        new() { SourceName = "refused-source", MetricType = "n", MetricValue = value, MetricMetadata = metadata };
}
