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
    IngestWriter writer, ProducerWindows windows, UnreadAcknowledgements unread, ProducerSession session, IServerStreamWriter<StreamMetricsResponse> responses, IngestOptions options, TimeProvider time)
{
    private readonly Channel<(Task<BatchOutcome> Commit, long Bytes, UnreadAcknowledgements.Place Place)> _underWay = Channel.CreateBounded<(Task<BatchOutcome>, long, UnreadAcknowledgements.Place)>(
        new BoundedChannelOptions(options.MaxUnacknowledgedBatches) { SingleReader = true, SingleWriter = true });
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
            // All is acknowledged because there is no more to read: how reading ended is what the producer is to hear, even if that is only about to be known.
            if (first == acknowledging && acknowledging.IsCompletedSuccessfully)
                first = reading;
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
            while (_underWay.Reader.TryRead(out var left))
                left.Place.Dispose();
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
                await QueueAsync(validated, cancellationToken);
            }
        }
        finally
        {
            _underWay.Writer.TryComplete();
        }
    }

    /// <summary>Makes room for the acknowledgement first: what it rejects stays in memory until the producer reads it.</summary>
    private async Task QueueAsync(ValidatedBatch batch, CancellationToken cancellationToken)
    {
        var place = await unread.EnterAsync(session, batch, cancellationToken);
        try
        {
            await _underWay.Writer.WriteAsync((await writer.WriteAsync(session, batch, place, cancellationToken), batch.Bytes, place), cancellationToken);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    private async Task AcknowledgeAsync(CancellationToken cancellationToken)
    {
        await foreach (var (commit, bytes, place) in _underWay.Reader.ReadAllAsync(cancellationToken))
        {
            using (place)
            {
                var outcome = await commit.WaitAsync(cancellationToken);
                var response = new StreamMetricsResponse { Acknowledgement = outcome.ToContract(windows.Batches(bytes)) };
                await ReadInTimeAsync(SendAsync(response, cancellationToken), cancellationToken);
            }
        }
    }

    /// <summary>A producer that does not read its stream holds what is kept for it, and is not waited for forever.</summary>
    private async Task ReadInTimeAsync(Task sending, CancellationToken cancellationToken)
    {
        try
        {
            await sending.WaitAsync(options.MaxUnreadWait, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw UnreadAcknowledgements.NotRead(session, options.MaxUnreadWait);
        }
    }

    private static void Require(V1.MetricBatch batch)
    {
        if (batch.Sequence < 1)
            throw MetricsIngestService.Malformed("batch.sequence", $"is {batch.Sequence}; numbers begin with 1");
        MetricsIngestService.RequireAtMost("batch.samples", batch.Samples.Count, IngestLimits.MaxBatchSamples);
        MetricsIngestService.RequireAtMost("batch.sources", batch.Sources.Count, IngestLimits.MaxBatchSources);
    }
}
