using System.Threading.Channels;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// What waits for the writer: bounded in number and in bytes, first come, first served. Whoever brings more than fits waits, which is what
/// slows a fast producer down. Thread-safe; one reader.
/// </summary>
internal sealed class IngestQueue(IngestOptions options, TimeProvider time)
{
    private const int MaxWork = 4_096;
    private readonly Channel<IngestWork> _channel = Channel.CreateBounded<IngestWork>(new BoundedChannelOptions(MaxWork) { SingleReader = true });
    private readonly ByteBudget _budget = new(options.MaxQueuedBytes);

    public int Count => _channel.Reader.Count;

    public long Bytes => _budget.Used;

    /// <exception cref="MaintenanceException">SHUTTING_DOWN.</exception>
    public async ValueTask AddAsync(IngestWork work, CancellationToken cancellationToken)
    {
        await _budget.TakeAsync(work.Bytes, cancellationToken).ConfigureAwait(false);
        try
        {
            await _channel.Writer.WriteAsync(work, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _budget.Return(work.Bytes);
            if (e is ChannelClosedException)
                throw Stopping();
            throw;
        }
    }

    /// <summary>Takes no more; what is there is still given out.</summary>
    public void Complete() => _channel.Writer.TryComplete();

    /// <summary>Blocks until there is something, and takes as much as a group may have. It never waits for more to come.</summary>
    /// <param name="group">Empty; filled here.</param>
    /// <returns>False when nothing will come any more.</returns>
    public bool Take(List<IngestWork> group)
    {
        if (!_channel.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            return false;
        var rows = 0;
        var begun = time.GetTimestamp();
        while (rows < options.MaxGroupRows && _channel.Reader.TryRead(out var work))
        {
            group.Add(work);
            rows += work.Rows;
            if (time.GetElapsedTime(begun) > options.MaxGroupAge)
                break;
        }

        return true;
    }

    /// <summary>The group is written or refused: its bytes are free.</summary>
    public void Release(List<IngestWork> group)
    {
        foreach (var work in group)
            _budget.Return(work.Bytes);
        group.Clear();
    }

    public static MaintenanceException Stopping() =>
        new(ErrorKind.Unavailable, ErrorReasons.ShuttingDown, "The service is stopping; what was not acknowledged is not stored.") { RetryAfter = TimeSpan.FromSeconds(1) };
}
