using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

/// <summary>
/// The metric stream with a decoder of its own: it counts before it makes objects, and keeps nothing of fields that it does not know, of which a message can
/// have millions, too.
/// </summary>
internal static class StreamMetricsMethod
{
    private static readonly MessageParser<StreamMetricsRequest> Parser = StreamMetricsRequest.Parser.WithDiscardUnknownFields(true);

    private static readonly Method<StreamMetricsRequest, StreamMetricsResponse> Method = new(
        MethodType.DuplexStreaming,
        MetricsIngest.Descriptor.FullName,
        MetricsIngest.Descriptor.Methods[0].Name,
        new Marshaller<StreamMetricsRequest>(Write, context => Read(context.PayloadAsReadOnlySequence())),
        new Marshaller<StreamMetricsResponse>(Write, static context => StreamMetricsResponse.Parser.ParseFrom(context.PayloadAsReadOnlySequence())));

    /// <summary>As the generated method of the same name; the framework finds it by the attribute on the base class.</summary>
    public static void Bind(ServiceBinderBase binder, CountedMetricsIngest? service) =>
        binder.AddMethod(Method, service is null ? null! : new DuplexStreamingServerMethod<StreamMetricsRequest, StreamMetricsResponse>(service.StreamMetrics));

    /// <exception cref="ThreatLens.Maintenance.Errors.MaintenanceException">MALFORMED_BATCH: more entries than a batch may have.</exception>
    internal static StreamMetricsRequest Read(ReadOnlySequence<byte> message)
    {
        var counter = new BatchCounter(message);
        counter.Count();
        if (counter.HasGroups)
            throw MetricsIngestService.Malformed("message", "has a group, which no field of the contract is");
        MetricsIngestService.RequireAtMost("batch.samples", counter.Samples, IngestLimits.MaxBatchSamples);
        MetricsIngestService.RequireAtMost("batch.sources", counter.Sources, IngestLimits.MaxBatchSources);
        return Parser.ParseFrom(message);
    }

    private static void Write(IMessage message, SerializationContext context)
    {
        context.SetPayloadLength(message.CalculateSize());
        message.WriteTo(context.GetBufferWriter());
        context.Complete();
    }
}

/// <summary>The base of the service: the generated one, but for how its messages are read.</summary>
[BindServiceMethod(typeof(StreamMetricsMethod), nameof(StreamMetricsMethod.Bind))]
internal abstract class CountedMetricsIngest : MetricsIngest.MetricsIngestBase
{
    /// <summary>Declared anew: the framework takes only what the class with the attribute declares.</summary>
    public abstract new Task StreamMetrics(
        IAsyncStreamReader<StreamMetricsRequest> requestStream, IServerStreamWriter<StreamMetricsResponse> responseStream, ServerCallContext context);
}
