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
    /// <param name="session">The stream.</param>
    /// <param name="batch">Its batch, checked.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>For <see cref="IngestWriter"/>; dispose it when the acknowledgement has gone out, or never will.</returns>
    /// <exception cref="MaintenanceException">INGEST_BEHIND: there was no room for as long as a stream waits for it.</exception>
    public async ValueTask<Place> EnterAsync(ProducerSession session, ValidatedBatch batch, CancellationToken cancellationToken)
    {
        var own = BytesOf(batch.Rejections);
        var bytes = own + session.AddedRejectionBytes;
        if (bytes == 0)
            return new Place(_budget, session, own, bytes);
        using var limit = new CancellationTokenSource(options.Value.MaxQueueWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await _budget.TakeAsync(bytes, either.Token).ConfigureAwait(false);
            return new Place(_budget, session, own, bytes);
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

    private static long BytesOf(IReadOnlyList<Rejection> rejections)
    {
        var bytes = 0L;
        foreach (var rejection in rejections)
            bytes += RejectionBytes + (sizeof(char) * (long)(rejection.Field.Length + rejection.Reason.Length));
        return bytes;
    }

    /// <summary>The room of one acknowledgement, from the arrival of its batch until it has gone out. Thread-safe.</summary>
    public sealed class Place : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly ByteBudget _budget;
        private readonly ProducerSession _session;
        private readonly long _own;
        private long _bytes;
        private bool _isLeft;

        internal Place(ByteBudget budget, ProducerSession session, long own, long bytes) => (_budget, _session, _own, _bytes) = (budget, session, own, bytes);

        /// <summary>
        /// The batch is stored. What the database itself refused of it, by a trigger or a unique index, is known only now, and takes its room whether
        /// there is any or not; the stream's next batches wait for room for as much. So what is kept beyond the bound is at most what one
        /// window of each such stream holds.
        /// </summary>
        internal void Settle(IReadOnlyList<Rejection> rejections)
        {
            lock (_lock)
            {
                var all = BytesOf(rejections);
                _session.AddedRejectionBytes = Math.Max(0, all - _own);
                if (_isLeft)
                    return;
                if (all > _bytes)
                    _budget.Overdraw(all - _bytes);
                else if (all < _bytes)
                    _budget.Return(_bytes - all);
                _bytes = all;
            }
        }

        /// <summary>Gives the room back; again is harmless.</summary>
        public void Dispose()
        {
            lock (_lock)
            {
                if (!_isLeft && _bytes > 0)
                    _budget.Return(_bytes);
                _isLeft = true;
            }
        }
    }
}
