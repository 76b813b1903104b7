using Grpc.Core;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>
/// One stream from hello to its end: writes what is unsent as the window allows and takes more from the source, while another task hands
/// every response on.
/// </summary>
/// <param name="unacknowledged">The batches, shared by all streams of a sender.</param>
/// <param name="source">Where more come from.</param>
/// <param name="metrics">What is counted.</param>
/// <param name="sending">Told before a batch goes out: from then on it may be stored.</param>
/// <param name="time">Clock.</param>
internal sealed class MetricStream(
    UnacknowledgedBatches unacknowledged, BatchSourceReader source, MetricSenderMetrics metrics, Action<MetricBatch> sending, TimeProvider time)
{
    /// <summary>
    /// Runs until the source has ended and everything is acknowledged (true), or the service ends the stream without an error (false).
    /// </summary>
    /// <exception cref="RpcException">The stream broke, or the service ended it.</exception>
    public async Task<bool> RunAsync(
        AsyncDuplexStreamingCall<StreamMetricsRequest, StreamMetricsResponse> call,
        Action<StreamMetricsResponse> onResponse,
        CancellationTokenSource stop)
    {
        var reading = ReadAsync(call.ResponseStream, onResponse, stop.Token);
        var writing = WriteAsync(call.RequestStream, stop.Token);
        if (await Task.WhenAny(reading, writing) == writing && writing.IsCompletedSuccessfully)
            return true;

        // A failed write only says that the call is over; why, the reading side knows. It gets there by itself, but for a failing source.
        if (!reading.IsCompleted && source.Failure is null)
            await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(1), time, stop.Token));
        await stop.CancelAsync();
        await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!reading.IsCanceled)
            await reading;
        if (writing.IsFaulted)
            await writing;
        return false;
    }

    private async Task WriteAsync(IClientStreamWriter<StreamMetricsRequest> requests, CancellationToken cancellationToken)
    {
        while (true)
        {
            while (unacknowledged.TryTakeUnsent(time.GetTimestamp(), out var batch))
            {
                sending(batch);
                await requests.WriteAsync(new StreamMetricsRequest { Batch = batch }, cancellationToken);
                metrics.Sent(batch);
            }
            if (unacknowledged.HasUnsent)
            {
                await unacknowledged.WaitForWindowAsync(cancellationToken);
                continue;
            }
            await unacknowledged.WaitForRoomAsync(cancellationToken);
            if (await source.NextAsync(cancellationToken) is not { } next)
                break;
            unacknowledged.Add(next);
            metrics.Taken();
        }
        await unacknowledged.WaitUntilEmptyAsync(cancellationToken);
        await requests.CompleteAsync();
    }

    private static async Task ReadAsync(
        IAsyncStreamReader<StreamMetricsResponse> responses, Action<StreamMetricsResponse> onResponse, CancellationToken cancellationToken)
    {
        while (await responses.MoveNext(cancellationToken))
            onResponse(responses.Current);
    }
}
