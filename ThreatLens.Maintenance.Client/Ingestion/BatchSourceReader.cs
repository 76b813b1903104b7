using System.Runtime.ExceptionServices;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>
/// Takes batches from the caller's source one at a time. A batch that the source was busy with when a stream broke is not lost: the next
/// stream goes on waiting for it. Not thread-safe.
/// </summary>
/// <param name="source">Makes the batches that follow a welcome.</param>
internal sealed class BatchSourceReader(Func<Welcome, IAsyncEnumerable<MetricBatch>> source) : IAsyncDisposable
{
    private IAsyncEnumerator<MetricBatch>? _batches;
    private CancellationTokenSource? _stop;
    private Task<bool>? _next;

    /// <summary>True once a welcome started the source.</summary>
    public bool Started => _batches is not null;

    /// <summary>What the source failed with; null while it has not.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Stops the source if it runs, and starts it where the welcome says.</summary>
    public async Task StartAsync(Welcome welcome)
    {
        await StopAsync();
        _stop = new CancellationTokenSource();
        _batches = source(welcome).GetAsyncEnumerator(_stop.Token);
    }

    /// <summary>The next batch; null when there are no more. The token ends the waiting, not the source's work on it.</summary>
    public async Task<MetricBatch?> NextAsync(CancellationToken cancellationToken)
    {
        _next ??= _batches!.MoveNextAsync().AsTask();
        await ((Task)_next.WaitAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_next.IsCompleted)
            cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var more = await _next;
            if (!more)
                return null;
            _next = null;
            return _batches!.Current;
        }
        catch (Exception failure)
        {
            Failure = failure;
            throw;
        }
    }

    /// <summary>Throws what the source failed with, if it has.</summary>
    public void ThrowIfFailed()
    {
        if (Failure is not null)
            ExceptionDispatchInfo.Throw(Failure);
    }

    public ValueTask DisposeAsync() => new(StopAsync());

    private async Task StopAsync()
    {
        if (_batches is null)
            return;
        await _stop!.CancelAsync();
        if (_next is not null)
            await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _batches.DisposeAsync();
        _stop.Dispose();
        (_batches, _next) = (null, null);
    }
}
