using System.Globalization;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// A bound on what is kept for producers until they read their acknowledgements: the reasons why entries were rejected, which can be megabytes for a batch.
/// Beyond <see cref="MaxBytes"/>, over all producers, a stream with more of them is not read. Thread-safe.
/// </summary>
public sealed class UnreadAcknowledgements(IOptions<IngestOptions> options, TimeProvider time)
{
    /// <summary>8 MiB. One acknowledgement that is larger by itself is kept when nothing else is.</summary>
    public const long MaxBytes = 8 * 1024 * 1024;

    // An entry's own fields and the heads of its texts.
    private const long RejectionBytes = 96;

    private readonly ByteBudget _budget = new(MaxBytes);

    /// <summary>Bytes kept now.</summary>
    internal long Bytes => _budget.Used;

    /// <summary>Waits until what a batch has rejected may be kept; at once when that is nothing.</summary>
    /// <param name="batch">The batch, checked.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Dispose it when the acknowledgement has gone out, or never will.</returns>
    /// <exception cref="MaintenanceException">INGEST_BEHIND: there was no room for as long as a stream waits for it.</exception>
    public async ValueTask<IDisposable> EnterAsync(ValidatedBatch batch, CancellationToken cancellationToken)
    {
        var bytes = batch.Rejections.Sum(r => RejectionBytes + (sizeof(char) * (long)(r.Field.Length + r.Reason.Length)));
        if (bytes == 0)
            return new Place(_budget, 0);
        using var limit = new CancellationTokenSource(options.Value.MaxQueueWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await _budget.TakeAsync(bytes, either.Token).ConfigureAwait(false);
            return new Place(_budget, bytes);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new MaintenanceException(
                ErrorKind.ResourceExhausted,
                ErrorReasons.IngestBehind,
                string.Create(CultureInfo.InvariantCulture, $"Producers do not read their acknowledgements: {_budget.Used} bytes of rejections wait for them, and there was no room for more. What was not acknowledged is to be sent again."))
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }
    }

    /// <summary>The error of a stream whose producer has not read it for so long.</summary>
    public static MaintenanceException NotRead(ProducerSession session, TimeSpan wait) => new(
        ErrorKind.ResourceExhausted,
        ErrorReasons.AcknowledgementsUnread,
        string.Create(CultureInfo.InvariantCulture, $"'{session.ProducerId}' has not read its acknowledgements for {wait.TotalSeconds:0.###} s; read the stream while sending, and go on after the next welcome."))
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    private sealed class Place(ByteBudget budget, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, 0) is > 0 and var held)
                budget.Return(held);
        }
    }
}
