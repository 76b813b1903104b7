using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>The rules of the stream: who speaks, in which order, and what an acknowledgement means.</summary>
public sealed class StreamTests(SharedService shared)
{
    private readonly RunningService _service = shared.Service;

    [Fact]
    public async Task Hello_of_a_new_producer_is_welcomed_at_the_beginning()
    {
        using var producer = await Producer.HelloAsync(_service, "new");

        Assert.Equal(0, producer.Welcome.LastSequence);
        Assert.Empty(producer.Welcome.Positions);
        Assert.Equal(10_000, producer.Welcome.MaxBatchSamples);
        Assert.InRange(producer.Welcome.MaxUnacknowledgedBatches, 1, int.MaxValue);
        Assert.NotNull(producer.Welcome.Configuration.Monitoring);
        await producer.CompleteAsync();
        Assert.Empty(await producer.EndsAsync());
    }

    [Fact]
    public async Task Acknowledgement_comes_after_the_commit()
    {
        using var producer = await Producer.HelloAsync(_service, "commit");
        for (var sequence = 1; sequence <= 20; sequence++)
        {
            var acknowledgement = await producer.StoreAsync(Producer.Batch(sequence, Producer.Sample("commit-source", value: $"{sequence}"), Producer.Sample("commit-source", value: "0.5")));

            // Seen by a connection that has nothing to do with the service, at this very moment.
            Assert.Equal(sequence * 2L, _service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name = 'commit-source'"));
            Assert.Equal((long)sequence, _service.Database.Scalar("SELECT last_sequence FROM maintenance_producers WHERE producer_id = 'commit'"));
            Assert.Equal((2, false, 0), (acknowledgement.Accepted, acknowledgement.Duplicate, acknowledgement.Rejections.Count));
            Assert.True(acknowledgement.Latency.ToTimeSpan() > TimeSpan.Zero);
        }
    }

    [Fact]
    public async Task Everything_sent_before_the_producer_completes_is_acknowledged_in_order()
    {
        using var producer = await Producer.HelloAsync(_service, "complete");
        var reading = producer.EndsAsync();
        for (var sequence = 1; sequence <= 200; sequence++)
            await producer.SendAsync(Producer.Batch(sequence, Producer.Sample("complete-source")));
        await producer.CompleteAsync();

        Assert.Equal(Enumerable.Range(1, 200).Select(i => (long)i), (await reading).Select(a => a.Sequence));
        Assert.Equal(200L, _service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name = 'complete-source'"));
    }

    [Fact]
    public async Task Batch_sent_again_is_acknowledged_as_a_duplicate_and_stored_once()
    {
        using (var first = await Producer.HelloAsync(_service, "again"))
        {
            await first.StoreAsync(Producer.Batch(1, Producer.Sample("again-source", value: "1")));
            await first.StoreAsync(Producer.Batch(2, Producer.Sample("again-source", value: "2")));
            var duplicate = await first.StoreAsync(Producer.Batch(1, Producer.Sample("again-source", value: "1")));
            Assert.Equal((0, true), (duplicate.Accepted, duplicate.Duplicate));
        }

        using var second = await Producer.HelloAsync(_service, "again");
        Assert.Equal(2, second.Welcome.LastSequence);
        Assert.True((await second.StoreAsync(Producer.Batch(2, Producer.Sample("again-source", value: "2")))).Duplicate);
        Assert.False((await second.StoreAsync(Producer.Batch(3, Producer.Sample("again-source", value: "3")))).Duplicate);
        Assert.Equal(["1", "2", "3"], _service.Database.Lines("SELECT metric_value FROM processing_metrics WHERE source_name = 'again-source' ORDER BY id"));
    }

    [Fact]
    public async Task Gap_in_the_numbers_ends_the_stream_and_stores_nothing_above_it()
    {
        using var producer = await Producer.HelloAsync(_service, "gap");
        await producer.SendAsync(Producer.Batch(1, Producer.Sample("gap-source", value: "1")));
        await producer.SendAsync(Producer.Batch(3, Producer.Sample("gap-source", value: "3")));
        await producer.SendAsync(Producer.Batch(4, Producer.Sample("gap-source", value: "4")));

        var (error, acknowledged) = await producer.FailsAsync(StatusCode.Aborted, ErrorReasons.BatchOutOfOrder);

        Assert.Equal("2", error.Metadata["expectedSequence"]);
        Assert.Equal([1L], acknowledged.Select(a => a.Sequence));
        Assert.Equal(["1"], _service.Database.Lines("SELECT metric_value FROM processing_metrics WHERE source_name = 'gap-source'"));
        using var again = await Producer.HelloAsync(_service, "gap");
        Assert.Equal(1, again.Welcome.LastSequence);
    }

    [Fact]
    public async Task Second_stream_of_a_producer_ends_the_first_even_when_that_is_silent()
    {
        using var first = await Producer.HelloAsync(_service, "twin");
        await first.StoreAsync(Producer.Batch(1, Producer.Sample("twin-source")));

        using var second = await Producer.HelloAsync(_service, "twin");

        var (error, _) = await first.FailsAsync(StatusCode.Aborted, ErrorReasons.ProducerReplaced);
        Assert.NotNull(error.RetryDelay);
        Assert.Equal(1, second.Welcome.LastSequence);
        Assert.False((await second.StoreAsync(Producer.Batch(2, Producer.Sample("twin-source")))).Duplicate);
        Assert.Equal(2L, _service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name = 'twin-source'"));
    }

    [Fact]
    public async Task Producers_number_their_batches_independently()
    {
        using var one = await Producer.HelloAsync(_service, "one");
        using var other = await Producer.HelloAsync(_service, "other");

        await one.StoreAsync(Producer.Batch(1, Producer.Sample("independent-source")));
        await one.StoreAsync(Producer.Batch(2, Producer.Sample("independent-source")));
        await other.StoreAsync(Producer.Batch(1, Producer.Sample("independent-source")));

        Assert.Equal(3L, _service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name = 'independent-source'"));
    }

    [Fact]
    public async Task Batch_without_anything_is_a_batch()
    {
        using var producer = await Producer.HelloAsync(_service, "empty");

        var acknowledgement = await producer.StoreAsync(Producer.Batch(1));

        Assert.Equal((0, false, 0), (acknowledgement.Accepted, acknowledgement.Duplicate, acknowledgement.Rejections.Count));
        Assert.True((await producer.StoreAsync(Producer.Batch(1))).Duplicate);
    }

    [Fact]
    public async Task Ten_thousand_samples_are_a_batch()
    {
        using var producer = await Producer.HelloAsync(_service, "full");

        var acknowledgement = await producer.StoreAsync(Producer.Batch(1, Enumerable.Repeat(Producer.Sample("full-source"), 10_000)));

        Assert.Equal(10_000, acknowledgement.Accepted);
        Assert.Equal(10_000L, _service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name = 'full-source'"));
    }

    [Theory]
    [InlineData("batch first")]
    [InlineData("nothing in the message")]
    public async Task Stream_that_does_not_begin_with_hello_is_refused(string what)
    {
        using var producer = Producer.Open(_service);
        await producer.SendAsync(what == "batch first" ? new StreamMetricsRequest { Batch = Producer.Batch(1, Producer.Sample("no-hello")) } : new StreamMetricsRequest());

        var (error, _) = await producer.FailsAsync(StatusCode.InvalidArgument, ErrorReasons.MalformedBatch);

        Assert.Equal("hello", error.Field);
        Assert.Equal(0L, _service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name = 'no-hello'"));
    }

    [Fact]
    public async Task Stream_that_ends_before_hello_is_refused()
    {
        using var producer = Producer.Open(_service);
        await producer.CompleteAsync();

        Assert.Equal("hello", (await producer.FailsAsync(StatusCode.InvalidArgument, ErrorReasons.MalformedBatch)).Error.Field);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("nothing")]
    [InlineData("number 0")]
    [InlineData("number -1")]
    [InlineData("1001 sources")]
    [InlineData("10001 samples")]
    public async Task Message_that_breaks_the_rules_ends_the_stream_and_nothing_of_it_is_stored(string what)
    {
        var source = "rules " + what;
        using var producer = await Producer.HelloAsync(_service, source);
        await producer.SendAsync(Producer.Batch(1, Producer.Sample(source)));
        var (field, wrong) = what switch
        {
            "hello" => ("batch", new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = source } }),
            "nothing" => ("batch", new StreamMetricsRequest()),
            "number 0" => ("batch.sequence", new StreamMetricsRequest { Batch = Producer.Batch(0, Producer.Sample(source)) }),
            "number -1" => ("batch.sequence", new StreamMetricsRequest { Batch = Producer.Batch(-1, Producer.Sample(source)) }),
            "1001 sources" => ("batch.sources", new StreamMetricsRequest { Batch = new MetricBatch { Sequence = 2, Samples = { Producer.Sample(source) }, Sources = { Enumerable.Repeat(new SourceReport(), 1001) } } }),
            _ => ("batch.samples", new StreamMetricsRequest { Batch = Producer.Batch(2, Enumerable.Repeat(Producer.Sample(source), 10_001)) }),
        };
        await producer.SendAsync(wrong);

        var (error, acknowledged) = await producer.FailsAsync(StatusCode.InvalidArgument, ErrorReasons.MalformedBatch);

        Assert.Equal(field, error.Field);
        Assert.Equal([1L], acknowledged.Select(a => a.Sequence));
        Assert.Equal(1L, _service.Database.Scalar($"SELECT count(*) FROM processing_metrics WHERE source_name = '{source}'"));
        using var again = await Producer.HelloAsync(_service, source);
        Assert.Equal(1, again.Welcome.LastSequence);
    }

    [Theory]
    [InlineData("", "hello.producer_id")]
    [InlineData("  \t", "hello.producer_id")]
    [InlineData("with\0nul", "hello.producer_id")]
    public async Task Hello_with_a_wrong_id_names_the_field(string id, string field) => await HelloIsRefusedAsync(new ProducerHello { ProducerId = id }, field);

    [Fact]
    public async Task Hello_with_over_long_texts_names_the_field_and_with_the_longest_is_welcomed()
    {
        var longest = string.Concat(Enumerable.Repeat("😀", 255));
        await HelloIsRefusedAsync(new ProducerHello { ProducerId = longest + "x" }, "hello.producer_id");
        await HelloIsRefusedAsync(new ProducerHello { ProducerId = "described", Description = longest + "x" }, "hello.description");

        using var producer = await Producer.HelloAsync(_service, longest, longest);
        await producer.StoreAsync(Producer.Batch(1));
        using var again = await Producer.HelloAsync(_service, longest, longest);
        Assert.Equal(1, again.Welcome.LastSequence);
    }

    private async Task HelloIsRefusedAsync(ProducerHello hello, string field)
    {
        using var producer = Producer.Open(_service);
        await producer.SendAsync(new StreamMetricsRequest { Hello = hello });

        Assert.Equal(field, (await producer.FailsAsync(StatusCode.InvalidArgument, ErrorReasons.InvalidArgument)).Error.Field);
    }
}
