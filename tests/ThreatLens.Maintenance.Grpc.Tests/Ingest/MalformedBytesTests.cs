using Google.Protobuf;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>Bytes that are no message: the stream ends with nothing of them written, and what came before is acknowledged.</summary>
public sealed class MalformedBytesTests(SharedService shared)
{
    private readonly RunningService _service = shared.Service;

    [Theory]
    [InlineData("not UTF-8")]
    [InlineData("garbage")]
    [InlineData("cut off")]
    [InlineData("wrong wire type")]
    public async Task Undecodable_message_ends_the_stream_and_nothing_of_it_is_stored(string what)
    {
        var source = "bytes " + what;
        using var neighbour = await Producer.HelloAsync(_service, source + " beside");
        using var producer = await RawProducer.HelloAsync(_service, source);
        await producer.SendAsync(Message(1, source));
        await producer.SendAsync(Spoil(what, Message(2, source)));

        var (_, acknowledged) = await producer.FailsAsync(StatusCode.InvalidArgument, ErrorReasons.MalformedBatch);

        Assert.Equal([1L], acknowledged);
        Assert.Equal(2L, _service.Database.Scalar($"SELECT count(*) FROM processing_metrics WHERE source_name = '{source}'"));
        Assert.Equal(1, (await neighbour.StoreAsync(Producer.Batch(1, Producer.Sample(source + " beside")))).Accepted);
        using var again = await Producer.HelloAsync(_service, source);
        Assert.Equal(1, again.Welcome.LastSequence);
        Assert.Equal(2, (await again.StoreAsync(Producer.Batch(2, Producer.Sample(source), Producer.Sample(source)))).Accepted);
        Assert.Equal(4L, _service.Database.Scalar($"SELECT count(*) FROM processing_metrics WHERE source_name = '{source}'"));
        Assert.Equal(1, (await neighbour.StoreAsync(Producer.Batch(2, Producer.Sample(source + " beside")))).Accepted);
    }

    [Fact]
    public async Task Message_over_16_MiB_ends_the_stream_and_one_of_16_MiB_does_not()
    {
        const string Source = "16 MiB";
        using var producer = await RawProducer.HelloAsync(_service, Source);
        await producer.SendAsync(Padded(Message(1, Source), 16 * 1024 * 1024));
        // The service may end the stream before all of it is sent.
        await Record.ExceptionAsync(() => producer.SendAsync(Padded(Message(2, Source), (16 * 1024 * 1024) + 1)));

        var (_, acknowledged) = await producer.FailsAsync(StatusCode.ResourceExhausted, ErrorReasons.MalformedBatch);

        Assert.Equal([1L], acknowledged);
        Assert.Equal(2L, _service.Database.Scalar($"SELECT count(*) FROM processing_metrics WHERE source_name = '{Source}'"));
    }

    [Theory]
    [InlineData(0x12, "batch.samples", 10_000)]
    [InlineData(0x1A, "batch.sources", 1_000)]
    public async Task Message_of_millions_of_empty_entries_is_refused_with_their_number(byte tag, string field, int most)
    {
        var source = "empty " + field;
        using var producer = await RawProducer.HelloAsync(_service, source);
        await producer.SendAsync(Message(1, source));
        await producer.SendAsync(EmptyEntries(tag, 4_000_000));

        var (error, acknowledged) = await producer.FailsAsync(StatusCode.InvalidArgument, ErrorReasons.MalformedBatch);

        Assert.Equal([1L], acknowledged);
        Assert.Contains($"{field}: has 4000000 entries; at most {most} are accepted", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x12)]
    [InlineData(0x1A)]
    public void Message_of_millions_of_empty_entries_is_counted_before_anything_is_made_of_it(byte tag)
    {
        var message = new System.Buffers.ReadOnlySequence<byte>(EmptyEntries(tag, 4_000_000));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<MaintenanceException>(() => Services.StreamMetricsMethod.Read(message));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Entries_are_counted_over_all_pieces_of_a_batch_and_not_in_other_fields()
    {
        var batch = new MetricBatch { Sequence = 300, Samples = { Producer.Sample("one"), Producer.Sample("two") }, Sources = { new SourceReport { SourceName = "a", Offset = 1 } } };
        byte[] piece = new StreamMetricsRequest { Batch = batch }.ToByteArray();
        byte[] hello = new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = "\u0012\0\u0012\0" } }.ToByteArray();
        var counter = new Services.BatchCounter(new System.Buffers.ReadOnlySequence<byte>(Padded([.. piece, .. hello, .. piece], 500)));

        counter.Count();

        Assert.Equal((4, 2, false), (counter.Samples, counter.Sources, counter.HasGroups));
    }

    [Fact]
    public async Task Undecodable_request_of_a_unary_call_is_refused_with_a_reason()
    {
        var bytes = Marshallers.Create<byte[]>(static b => b, static b => b);
        var method = new Method<byte[], byte[]>(MethodType.Unary, DatabaseMaintenance.Descriptor.FullName, "Migrate", bytes, bytes);
        var invoker = _service.Channel.CreateCallInvoker();

        await Expect.ErrorAsync(StatusCode.InvalidArgument, ErrorReasons.InvalidArgument, async () => await invoker.AsyncUnaryCall(method, null, default, [0xFF, 0xFF, 0xFF]));
        await Expect.ErrorAsync(StatusCode.ResourceExhausted, ErrorReasons.InvalidArgument, async () => await invoker.AsyncUnaryCall(method, null, default, new byte[(16 * 1024 * 1024) + 1]));
    }

    [Fact]
    public async Task Call_that_the_contract_does_not_have_is_refused_with_a_reason()
    {
        var bytes = Marshallers.Create<byte[]>(static b => b, static b => b);
        var method = new Method<byte[], byte[]>(MethodType.Unary, DatabaseMaintenance.Descriptor.FullName, "Frobnicate", bytes, bytes);

        await Expect.NotImplementedAsync(
            "/threatlens.maintenance.v1.DatabaseMaintenance/Frobnicate", async () => await _service.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, []));
    }

    [Fact]
    public async Task Unknown_fields_of_a_newer_client_do_no_harm()
    {
        using var producer = await RawProducer.HelloAsync(_service, "newer");
        await producer.SendAsync(Padded(Message(1, "newer"), 200));
        await producer.SendAsync([0xFF]);

        Assert.Equal([1L], (await producer.FailsAsync(StatusCode.InvalidArgument, ErrorReasons.MalformedBatch)).Acknowledged);
    }

    private static byte[] EmptyEntries(byte tag, int count)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteLength(2 + (2 * count));
            output.WriteRawTag(8, 2);
            for (var i = 0; i < count; i++)
                output.WriteRawTag(tag, 0);
        }

        return stream.ToArray();
    }

    private static byte[] Message(long sequence, string source) =>
        new StreamMetricsRequest { Batch = Producer.Batch(sequence, Producer.Sample(source), Producer.Sample(source)) }.ToByteArray();

    private static byte[] Spoil(string what, byte[] message)
    {
        switch (what)
        {
            case "not UTF-8":
                // In the second sample: the first one could be read.
                message[^1] = 0xC3;
                return message;
            case "garbage":
                return [.. Enumerable.Range(0, 64).Select(i => (byte)(0xFF - i))];
            case "cut off":
                return message[..^3];
            default:
                // Field 2 (batch) as a varint group end.
                return [0x14, 0x08, 0x01];
        }
    }

    /// <summary>Padded with an unknown field, to exactly that many bytes.</summary>
    private static byte[] Padded(byte[] message, int size)
    {
        using var stream = new MemoryStream();
        stream.Write(message);
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(1000, WireFormat.WireType.LengthDelimited);
            output.Flush();
            var lengthBytes = CodedOutputStream.ComputeInt32Size(size - (int)stream.Position);
            var padding = size - (int)stream.Position - lengthBytes;
            if (CodedOutputStream.ComputeInt32Size(padding) < lengthBytes)
                throw new ArgumentOutOfRangeException(nameof(size));
            output.WriteBytes(ByteString.CopyFrom(new byte[padding]));
        }

        Assert.Equal(size, stream.Length);
        return stream.ToArray();
    }
}
