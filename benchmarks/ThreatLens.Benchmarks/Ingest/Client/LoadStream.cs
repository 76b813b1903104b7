using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using ThreatLens.Benchmarks.Ingest.Samples;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Benchmarks.Ingest.Client;

/// <summary>One producer: sends messages that are encoded already, as many unacknowledged as the service allows, and notes when each came back.</summary>
internal sealed class LoadStream(string address, string producerId, int batch)
{
    private static readonly Method<byte[], StreamMetricsResponse> Method = new(
        MethodType.DuplexStreaming,
        MetricsIngest.Descriptor.FullName,
        "StreamMetrics",
        Marshallers.Create(static b => b, static b => b),
        Marshallers.Create(static (_, _) => { }, static context => StreamMetricsResponse.Parser.ParseFrom(context.PayloadAsReadOnlySequence())));

    private readonly ConcurrentQueue<long> _sentAt = new();
    private readonly EncodedBatch _encoded = new(batch);

    /// <summary>When each batch was acknowledged and how long that took, timestamps of <see cref="Stopwatch"/>; and milliseconds of it inside the service, from arrival to commit.</summary>
    public List<(long At, long Took, double Inside)> Acknowledged { get; } = [];

    /// <param name="interval">Between two messages; null: none.</param>
    /// <param name="stop">When to send no more; what is under way is still waited for.</param>
    public async Task RunAsync(TimeSpan? interval, CancellationToken stop)
    {
        using var channel = GrpcChannel.ForAddress(address);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(Method, null, default);
        await call.RequestStream.WriteAsync(Google.Protobuf.MessageExtensions.ToByteArray(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = producerId } }), CancellationToken.None);
        await call.ResponseStream.MoveNext(CancellationToken.None);
        var welcome = call.ResponseStream.Current.Welcome;
        using var window = new SendWindow(welcome.MaxUnacknowledgedBatches);
        var reading = ReadAsync(call.ResponseStream, window);
        await Task.WhenAny(SendAsync(call.RequestStream, welcome.LastSequence, window, interval, stop), reading);
        await call.RequestStream.CompleteAsync();
        await reading;
    }

    private async Task SendAsync(IClientStreamWriter<byte[]> requests, long sequence, SendWindow window, TimeSpan? interval, CancellationToken stop)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            if (interval is { } pace && n * pace - Stopwatch.GetElapsedTime(begun) is var early && early > TimeSpan.Zero)
                await Task.Delay(early, CancellationToken.None);
            // Before the window: what had to wait for it was due already.
            var due = Stopwatch.GetTimestamp();
            await window.EnterAsync();
            _encoded.Next(++sequence);
            _sentAt.Enqueue(due);
            await requests.WriteAsync(_encoded.Message, CancellationToken.None);
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<StreamMetricsResponse> responses, SendWindow window)
    {
        while (await responses.MoveNext(CancellationToken.None))
        {
            if (responses.Current.Acknowledgement is not { } acknowledgement)
                continue;
            if (acknowledgement.Accepted != batch || !_sentAt.TryDequeue(out var sent))
                throw new InvalidOperationException($"Batch {acknowledgement.Sequence}: {acknowledgement.Accepted} of {batch} samples were stored.");
            var now = Stopwatch.GetTimestamp();
            Acknowledged.Add((now, now - sent, acknowledgement.Latency.ToTimeSpan().TotalMilliseconds));
            window.Leave(acknowledgement.MaxUnacknowledgedBatches);
        }
    }
}
