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
