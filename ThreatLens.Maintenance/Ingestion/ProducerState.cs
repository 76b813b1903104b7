using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>Where a producer stands: what it learns when it says hello.</summary>
/// <param name="LastSequence">Number of its last stored batch; 0 when there is none.</param>
/// <param name="Positions">The positions stored with its batches, by source.</param>
public sealed record ProducerState(long LastSequence, IReadOnlyList<SourcePosition> Positions);

/// <summary>A stored position of a source.</summary>
/// <param name="SourceName">Source.</param>
/// <param name="Path">Path it had.</param>
/// <param name="Offset">Bytes of it whose metrics are stored.</param>
/// <param name="PositionToken">The producer's own mark of the file.</param>
public sealed record SourcePosition(string SourceName, string Path, long Offset, string PositionToken);

/// <summary>What became of a batch: it is on disk.</summary>
/// <param name="Sequence">Number of the batch.</param>
/// <param name="Accepted">Samples stored; 0 for a duplicate.</param>
/// <param name="IsDuplicate">Whether it had been stored before.</param>
/// <param name="Rejections">What was not stored, and why.</param>
/// <param name="Latency">From its arrival to its commit.</param>
public sealed record BatchOutcome(long Sequence, int Accepted, bool IsDuplicate, IReadOnlyList<Rejection> Rejections, TimeSpan Latency);

/// <summary>One stream of a producer; a later stream of the same producer takes its place.</summary>
public sealed class ProducerSession
{
    private readonly TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile MaintenanceException? _ended;
    private volatile bool _hasLeft;
    private long _addedRejectionBytes;

    internal ProducerSession(string producerId, string description)
    {
        ProducerId = producerId;
        Description = description;
    }

    /// <summary>The producer.</summary>
    public string ProducerId { get; }

    /// <summary>What it says it is, for people.</summary>
    public string Description { get; }

    /// <summary>
    /// Fails with PRODUCER_REPLACED as soon as a later stream of the same producer has taken over, with DATABASE_RESTORED as soon as a
    /// backup has taken the database's place; never succeeds.
    /// </summary>
    public Task Replaced => _replaced.Task;

    /// <summary>What the database itself rejected of its last batch, as <see cref="UnreadAcknowledgements"/> counts it.</summary>
    internal long AddedRejectionBytes
    {
        get => Volatile.Read(ref _addedRejectionBytes);
        set => Volatile.Write(ref _addedRejectionBytes, value);
    }

    /// <summary>Whether its stream is over, so that nothing more will come from it.</summary>
    internal bool HasLeft => _hasLeft;

    /// <summary>The stream is over. What it has left to be written still is, unless the session is forgotten meanwhile.</summary>
    public void Leave() => _hasLeft = true;

    /// <summary>The error for whoever still uses this session after that.</summary>
    internal MaintenanceException EndedError() => _ended ?? ReplacedError();

    /// <summary>A later stream has taken over.</summary>
    internal void Replace() => End(ReplacedError());

    /// <summary>Ends the session for good.</summary>
    internal void End(MaintenanceException why)
    {
        _ended = why;
        _replaced.TrySetException(why);
        // Nobody may be listening any more: the error is for those who are.
        _ = _replaced.Task.Exception;
    }

    private MaintenanceException ReplacedError() => new(
        ErrorKind.Aborted, ErrorReasons.ProducerReplaced, $"Another stream of '{ProducerId}' took over; give every running producer an id of its own.")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
    };
}
