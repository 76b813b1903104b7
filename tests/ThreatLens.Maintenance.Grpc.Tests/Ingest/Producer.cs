using Google.Protobuf;
using Grpc.Core;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>A producer that does exactly what its test says, right or wrong.</summary>
internal sealed class Producer : IDisposable
{
    private readonly AsyncDuplexStreamingCall<StreamMetricsRequest, StreamMetricsResponse> _call;

    private Producer(AsyncDuplexStreamingCall<StreamMetricsRequest, StreamMetricsResponse> call) => _call = call;

    public Welcome Welcome { get; private set; } = new();

    /// <summary>Called for every acknowledgement that is read.</summary>
    public Action OnAcknowledged { get; set; } = () => { };

    /// <summary>Opens a stream and says hello.</summary>
    public static async Task<Producer> HelloAsync(RunningService service, string id, string description = "test")
    {
        var producer = Open(service);
        await producer.SendAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = id, Description = description } });
        producer.Welcome = (await producer.ReadAsync()).Welcome;
        Assert.NotNull(producer.Welcome);
        return producer;
    }

    /// <summary>Opens a stream and says nothing.</summary>
    public static Producer Open(RunningService service) => new(service.Ingest.StreamMetrics());

    public static MetricSample Sample(string source, string type = "lines_per_second", string value = "1") =>
        new() { SourceName = source, MetricType = type, MetricValue = value };

    public static MetricBatch Batch(long sequence, params IEnumerable<MetricSample> samples) => new() { Sequence = sequence, Samples = { samples } };

    public Task SendAsync(StreamMetricsRequest request) => _call.RequestStream.WriteAsync(request);

    public Task SendAsync(MetricBatch batch) => SendAsync(new StreamMetricsRequest { Batch = batch });

    public Task CompleteAsync() => _call.RequestStream.CompleteAsync();

    /// <summary>The next message of the service.</summary>
    public async Task<StreamMetricsResponse> ReadAsync()
    {
        Assert.True(await Eventually.WithinLimitAsync(_call.ResponseStream.MoveNext(CancellationToken.None), "a message of the service"), "The stream has ended.");
        return Noticed(_call.ResponseStream.Current);
    }

    /// <summary>The next acknowledgement; configuration in between is passed over.</summary>
    public async Task<BatchAcknowledgement> AcknowledgedAsync()
    {
        while (true)
        {
            if ((await ReadAsync()).Acknowledgement is { } acknowledgement)
                return acknowledgement;
        }
    }

    /// <summary>The next configuration; acknowledgements in between are passed over.</summary>
    public async Task<IngestConfiguration> ConfiguredAsync(Func<IngestConfiguration, bool> isRight)
    {
        while (true)
        {
            if ((await ReadAsync()).Configuration is { } configuration && isRight(configuration))
                return configuration;
        }
    }

    /// <summary>Sends a batch and waits for its acknowledgement.</summary>
    public async Task<BatchAcknowledgement> StoreAsync(MetricBatch batch)
    {
        await SendAsync(batch);
        var acknowledgement = await AcknowledgedAsync();
        Assert.Equal(batch.Sequence, acknowledgement.Sequence);
        return acknowledgement;
    }

    /// <summary>Reads to the end, which must be this error; returns the acknowledgements that came before it.</summary>
    public async Task<(RpcError Error, List<BatchAcknowledgement> Acknowledged)> FailsAsync(StatusCode code, string reason)
    {
        var acknowledged = new List<BatchAcknowledgement>();
        var error = await Expect.ErrorAsync(code, reason, async () =>
        {
            while (await Eventually.WithinLimitAsync(_call.ResponseStream.MoveNext(CancellationToken.None), "the end of the stream"))
            {
                if (Noticed(_call.ResponseStream.Current).Acknowledgement is { } acknowledgement)
                    acknowledged.Add(acknowledgement);
            }
        });
        return (error, acknowledged);
    }

    /// <summary>Reads to the end, which must be a good one; returns the acknowledgements.</summary>
    public async Task<List<BatchAcknowledgement>> EndsAsync()
    {
        var acknowledged = new List<BatchAcknowledgement>();
        while (await Eventually.WithinLimitAsync(_call.ResponseStream.MoveNext(CancellationToken.None), "the end of the stream"))
        {
            if (_call.ResponseStream.Current.Acknowledgement is { } acknowledgement)
                acknowledged.Add(acknowledgement);
        }

        return acknowledged;
    }

    public void Dispose() => _call.Dispose();

    private StreamMetricsResponse Noticed(StreamMetricsResponse response)
    {
        if (response.Acknowledgement is not null)
            OnAcknowledged();
        return response;
    }
}

/// <summary>A stream whose messages are bytes, for those that no generated client would send.</summary>
internal sealed class RawProducer : IDisposable
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static b => b, static b => b);
    private static readonly Method<byte[], byte[]> Method = new(MethodType.DuplexStreaming, MetricsIngest.Descriptor.FullName, "StreamMetrics", Bytes, Bytes);

    private readonly AsyncDuplexStreamingCall<byte[], byte[]> _call;

    private RawProducer(AsyncDuplexStreamingCall<byte[], byte[]> call) => _call = call;

    public static async Task<RawProducer> HelloAsync(RunningService service, string id)
    {
        var producer = new RawProducer(service.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(Method, null, default));
        await producer.SendAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = id } }.ToByteArray());
        Assert.True(await producer._call.ResponseStream.MoveNext(CancellationToken.None));
        return producer;
    }

    public Task SendAsync(byte[] message) => _call.RequestStream.WriteAsync(message);

    /// <summary>Reads to the end, which must be this error; returns the numbers acknowledged before it.</summary>
    public async Task<(RpcError Error, List<long> Acknowledged)> FailsAsync(StatusCode code, string reason)
    {
        var acknowledged = new List<long>();
        var error = await Expect.ErrorAsync(code, reason, async () =>
        {
            while (await Eventually.WithinLimitAsync(_call.ResponseStream.MoveNext(CancellationToken.None), "the end of the stream"))
            {
                if (StreamMetricsResponse.Parser.ParseFrom(_call.ResponseStream.Current).Acknowledgement is { } acknowledgement)
                    acknowledged.Add(acknowledgement.Sequence);
            }
        });
        return (error, acknowledged);
    }

    public void Dispose() => _call.Dispose();
}
