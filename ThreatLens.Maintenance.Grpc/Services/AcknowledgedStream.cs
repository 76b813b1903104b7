using System.Threading.Channels;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

/// <summary>
/// One producer's stream after the welcome. Batches go to the writer as they come; acknowledgements go out in their order, each after its
/// commit. At most so many batches are under way: beyond that the stream is not read, and HTTP/2 flow control slows the producer down.
/// </summary>
internal sealed class AcknowledgedStream(
    IngestWriter writer, ProducerWindows windows, ProducerSession session, IServerStreamWriter<StreamMetricsResponse> responses, int maxUnacknowledged, TimeProvider time)
{
    private readonly Channel<(Task<BatchOutcome> Commit, long Bytes)> _underWay = Channel.CreateBounded<(Task<BatchOutcome>, long)>(new BoundedChannelOptions(maxUnacknowledged) { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim _sending = new(1, 1);

    /// <summary>Runs until the producer has no more, or something ends the stream; then everything read has been acknowledged, or the error says why not.</summary>
    public async Task RunAsync(IAsyncStreamReader<StreamMetricsRequest> requests, Func<CancellationToken, Task> push, CancellationTokenSource ended)
    {
        var acknowledging = AcknowledgeAsync(ended.Token);
        var reading = ReadAsync(requests, ended.Token);
        var pushing = push(ended.Token);
        try
        {
            var first = await Task.WhenAny(reading, acknowledging, pushing, session.Replaced);
            // Whether the producer has no more or sent something malformed: what was read before is acknowledged first. Not when the writer is
            // behind: then the producer is to hear that now.
            if (first == reading && reading.Exception?.InnerException is not MaintenanceException { Reason: ErrorReasons.IngestBehind })
                await await Task.WhenAny(acknowledging, pushing, session.Replaced);
            await first;
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(reading, acknowledging, pushing).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    /// <summary>Sends a message between the acknowledgements.</summary>
    public async Task SendAsync(StreamMetricsResponse response, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await responses.SendAsync(response, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<StreamMetricsRequest> requests, CancellationToken cancellationToken)
    {
        try
        {
            while (await requests.MoveNext(cancellationToken))
            {
                var batch = requests.Current.Batch ?? throw MetricsIngestService.Malformed("batch", "is required after hello");
                Require(batch);
                var validated = BatchValidator.Validate(batch.ToDomain(), time.GetUtcNow());
                await _underWay.Writer.WriteAsync((await writer.WriteAsync(session, validated, cancellationToken), validated.Bytes), cancellationToken);
            }
        }
        finally
        {
            _underWay.Writer.TryComplete();
        }
    }

    private async Task AcknowledgeAsync(CancellationToken cancellationToken)
    {
        await foreach (var (commit, bytes) in _underWay.Reader.ReadAllAsync(cancellationToken))
        {
            var outcome = await commit.WaitAsync(cancellationToken);
            await SendAsync(new StreamMetricsResponse { Acknowledgement = outcome.ToContract(windows.Batches(bytes)) }, cancellationToken);
        }
    }

    private static void Require(V1.MetricBatch batch)
    {
        if (batch.Sequence < 1)
            throw MetricsIngestService.Malformed("batch.sequence", $"is {batch.Sequence}; numbers begin with 1");
        if (batch.Samples.Count > IngestLimits.MaxBatchSamples)
            throw MetricsIngestService.Malformed("batch.samples", $"has {batch.Samples.Count} entries; at most {IngestLimits.MaxBatchSamples} are accepted");
        if (batch.Sources.Count > IngestLimits.MaxBatchSources)
            throw MetricsIngestService.Malformed("batch.sources", $"has {batch.Sources.Count} entries; at most {IngestLimits.MaxBatchSources} are accepted");
    }
}
