using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Maintenance;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>Producers that nobody would write on purpose: each gets a clear answer, and others do not notice.</summary>
public sealed class HostileProducerTests(SharedService shared)
{
    private readonly RunningService _service = shared.Service;

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(2)]
    public async Task Number_that_is_not_the_next_one_ends_the_stream_naming_the_next_one(long number)
    {
        var id = $"leap {number}";
        using var producer = await Producer.HelloAsync(_service, id);
        await producer.SendAsync(Producer.Batch(number, Producer.Sample(id)));

        Assert.Equal("1", (await producer.FailsAsync(StatusCode.Aborted, ErrorReasons.BatchOutOfOrder)).Error.Metadata["expectedSequence"]);

        Assert.Equal(0L, Count(id));
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    public async Task Number_beyond_a_signed_one_is_refused_by_its_field(long number)
    {
        // As unsigned these are 2^63 and 2^64 - 1: the same bytes.
        var id = $"unsigned {number}";
        using var producer = await RawProducer.HelloAsync(_service, id);
        await producer.SendAsync(new StreamMetricsRequest { Batch = Producer.Batch(number, Producer.Sample(id)) }.ToByteArray());

        Assert.Equal("batch.sequence", (await producer.FailsAsync(StatusCode.InvalidArgument, ErrorReasons.MalformedBatch)).Error.Field);

        Assert.Equal(0L, Count(id));
    }

    [Fact]
    public async Task Number_that_is_stored_with_other_content_is_a_duplicate_and_changes_nothing()
    {
        const string Id = "other content";
        using var producer = await Producer.HelloAsync(_service, Id);
        await producer.StoreAsync(Producer.Batch(1, Producer.Sample(Id, value: "1")));

        var again = await producer.StoreAsync(Producer.Batch(1, Producer.Sample(Id, value: "2"), Producer.Sample("", value: "3")));

        Assert.Equal((true, 0, 0), (again.Duplicate, again.Accepted, again.Rejections.Count));
        Assert.Equal(["1"], _service.Database.Lines($"SELECT metric_value FROM processing_metrics WHERE source_name = '{Id}'"));
    }

    [Fact]
    public async Task Two_producers_with_one_id_that_throw_each_other_out_store_every_number_once()
    {
        const string Id = "twins at once";
        await using var one = new CountingProducer(() => _service.Process.Grpc, Id);
        await using var other = new CountingProducer(() => _service.Process.Grpc, Id);
        one.Start();
        other.Start();
        await Task.WhenAll(one.GrowsAsync(20), other.GrowsAsync(20));
        Assert.Contains(one.Failures.Concat(other.Failures), f => RpcError.Of(f) is { Code: StatusCode.Aborted, Reason: ErrorReasons.ProducerReplaced });
        await other.StopAsync();
        await one.GrowsAsync(1);
        await one.SettleAsync();

        Assert.Empty(one.Differences(_service.Database));
        Assert.Empty(other.Acknowledged.Intersect(one.Acknowledged));
        Assert.True(other.Acknowledged.Max() <= one.Sent);
    }

    [Theory]
    [InlineData("half closed")]
    [InlineData("gone")]
    public async Task Producer_that_never_reads_and_leaves_has_stored_what_it_sent(string how)
    {
        var id = "leaves " + how;
        using (var producer = await Producer.HelloAsync(_service, id))
        {
            for (var sequence = 1; sequence <= 5; sequence++)
                await producer.SendAsync(Producer.Batch(sequence, Producer.Sample(id, value: $"{sequence}")));
            if (how == "half closed")
                await producer.CompleteAsync();
            // Gone at once it might take with it what is still in its own buffers.
            await Eventually.Equal(5L, () => Count(id));
        }

        using var again = await Producer.HelloAsync(_service, id);
        Assert.Equal(5, again.Welcome.LastSequence);
        Assert.Equal(1, (await again.StoreAsync(Producer.Batch(6, Producer.Sample(id, value: "6")))).Accepted);
        Assert.Equal(["1", "2", "3", "4", "5", "6"], _service.Database.Lines($"SELECT metric_value FROM processing_metrics WHERE source_name = '{id}' ORDER BY id"));
    }

    [Fact]
    public async Task Stream_over_its_deadline_ends_and_what_was_acknowledged_is_stored()
    {
        const string Id = "deadline";
        using var call = _service.Ingest.StreamMetrics(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(2));
        var acknowledged = 0L;
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await call.RequestStream.WriteAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = Id } });
            await call.ResponseStream.MoveNext(CancellationToken.None);
            for (var sequence = 1; ; sequence++)
            {
                await call.RequestStream.WriteAsync(new StreamMetricsRequest { Batch = Producer.Batch(sequence, Producer.Sample(Id)) });
                await call.ResponseStream.MoveNext(CancellationToken.None);
                acknowledged = call.ResponseStream.Current.Acknowledgement.Sequence;
            }
        });

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        using var again = await Producer.HelloAsync(_service, Id);
        Assert.InRange(again.Welcome.LastSequence, acknowledged, acknowledged + 1);
        Assert.Equal(again.Welcome.LastSequence, Count(Id));
    }

    [Fact]
    public async Task Headers_full_of_junk_do_no_harm()
    {
        const string Id = "junk headers";
        var headers = new Metadata
        {
            { "threatlens-caller", new string('?', 4_000) }, { "traceparent", "00-zz-zz-zz" }, { "tracestate", ",=,;" }, { "authorization", "Bearer \t~" },
            { "junk-bin", [0, 255, 1, 254] }, { "x-" + new string('n', 500), new string('v', 8_000) },
        };
        using var call = _service.Ingest.StreamMetrics(headers);
        await call.RequestStream.WriteAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = Id } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        await call.RequestStream.WriteAsync(new StreamMetricsRequest { Batch = Producer.Batch(1, Producer.Sample(Id)) });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(1, call.ResponseStream.Current.Acknowledgement.Accepted);
    }

    [Fact]
    public async Task Names_of_a_megabyte_are_rejected_one_by_one_without_being_repeated()
    {
        const string Id = "megabyte";
        var large = new string('n', 1024 * 1024);
        using var producer = await Producer.HelloAsync(_service, Id);

        var acknowledgement = await producer.StoreAsync(Producer.Batch(
            1, Producer.Sample(Id), Producer.Sample(large), Producer.Sample(Id, large), Producer.Sample(Id), Producer.Sample(Id, value: large)));

        Assert.Equal(2, acknowledgement.Accepted);
        Assert.Equal([(1, "source_name"), (2, "metric_type"), (4, "metric_value")], acknowledgement.Rejections.Select(r => (r.Index, r.Field)));
        Assert.InRange(acknowledgement.CalculateSize(), 1, 1_000);
        Assert.Equal(2L, Count(Id));
    }

    [Theory]
    [InlineData("ten thousand characters")]
    [InlineData("U+0000")]
    public async Task Description_that_cannot_be_kept_is_refused_by_its_field(string what)
    {
        using var producer = Producer.Open(_service);
        await producer.SendAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = "described", Description = what == "U+0000" ? "a\0b" : new string('d', 10_000) } });

        Assert.Equal("hello.description", (await producer.FailsAsync(StatusCode.InvalidArgument, ErrorReasons.InvalidArgument)).Error.Field);
    }

    [Fact]
    public async Task Sources_without_number_do_not_keep_others_out()
    {
        await using var service = await RunningService.StartAsync();
        using (var producer = await Producer.HelloAsync(service, "crowd"))
        {
            for (var batch = 1; batch <= 6; batch++)
            {
                var reports = new MetricBatch { Sequence = batch };
                reports.Sources.AddRange(Enumerable.Range(0, 1000).Select(i => Report($"crowd {batch} {i}", $"/{batch}/{i}/" + new string('p', 980), new string('t', 1000))));
                Assert.Empty((await producer.StoreAsync(reports)).Rejections);
            }

            Assert.Empty((await producer.StoreAsync(new MetricBatch { Sequence = 7, Sources = { Report("zzz", "/zzz", "") } })).Rejections);
        }

        await service.Maintenance.SetLogSourceEnabledAsync(new SetLogSourceEnabledRequest { SourceName = "zzz", Enabled = false });

        var innocent = await WelcomeOfAsync(service, "innocent");
        Assert.Equal(("zzz", false), (innocent.Configuration.Sources[0].SourceName, innocent.Configuration.Sources[0].Enabled));
        Assert.InRange(innocent.Configuration.Sources.Count, 900, 1_100);
        // The one that brought the crowd comes back, too, and goes on with what it reported last.
        var crowd = await WelcomeOfAsync(service, "crowd");
        Assert.Equal(7, crowd.LastSequence);
        Assert.InRange(crowd.Positions.Count, 1_001, 1_300);
        Assert.Equal("zzz", crowd.Positions[^1].SourceName);
        Assert.Equal(1_000, crowd.Positions.Count(position => position.SourceName.StartsWith("crowd 6 ", StringComparison.Ordinal)));
    }

    private static SourceReport Report(string name, string path, string token) => new() { SourceName = name, Path = path, PositionToken = token, Status = LogSourceStatus.Active };

    /// <summary>What a client hears that takes the usual 4 MiB a message.</summary>
    private static async Task<Welcome> WelcomeOfAsync(RunningService service, string id)
    {
        using var channel = GrpcChannel.ForAddress(service.Process.Grpc);
        using var call = new MetricsIngest.MetricsIngestClient(channel).StreamMetrics();
        await call.RequestStream.WriteAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = id } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        return call.ResponseStream.Current.Welcome;
    }

    private long Count(string source) => (long)_service.Database.Scalar($"SELECT count(*) FROM processing_metrics WHERE source_name = '{source}'")!;
}
