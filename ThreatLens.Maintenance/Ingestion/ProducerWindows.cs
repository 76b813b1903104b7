using Microsoft.Extensions.Options;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// How many batches each producer may have under way: so many that what all of them have sent fits in what may wait for the writer. Beyond that
/// a batch would only wait elsewhere, in buffers of the connection, and come late and far out of order of time. Thread-safe.
/// </summary>
public sealed class ProducerWindows(IOptions<IngestOptions> options)
{
    /// <summary>One being written and one waiting: fewer would have the writer wait for the network.</summary>
    private const int Least = 2;

    /// <summary>What a batch is taken to need before there was one.</summary>
    private const long ExpectedBytes = 64 * 1024;

    private int _streams;

    /// <summary>A stream begins; dispose what is returned when it ends.</summary>
    public IDisposable Enter()
    {
        Interlocked.Increment(ref _streams);
        return new Place(this);
    }

    /// <summary>The window of each producer now.</summary>
    /// <param name="batchBytes">What its last batch took in memory; null: there was none.</param>
    /// <returns>2 batches, or as many as fit in its share of <see cref="IngestOptions.MaxQueuedBytes"/>; at most <see cref="IngestOptions.MaxUnacknowledgedBatches"/>.</returns>
    public int Batches(long? batchBytes)
    {
        var share = options.Value.MaxQueuedBytes / Math.Max(1, Volatile.Read(ref _streams));
        return (int)Math.Min(Math.Max(share / Math.Max(1, batchBytes ?? ExpectedBytes), Least), options.Value.MaxUnacknowledgedBatches);
    }

    private sealed class Place(ProducerWindows windows) : IDisposable
    {
        private ProducerWindows? _windows = windows;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _windows, null) is { } left)
                Interlocked.Decrement(ref left._streams);
        }
    }
}
