using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>Something for the writer to do within its next transaction.</summary>
internal abstract class IngestWork(ProducerSession session, long receivedAt)
{
    public ProducerSession Session { get; } = session;

    /// <summary>Timestamp of <see cref="TimeProvider.GetTimestamp"/> at its arrival.</summary>
    public long ReceivedAt { get; } = receivedAt;

    public virtual int Rows => 0;

    public virtual long Bytes => 0;

    /// <summary>Writes within the open transaction. What it throws is the fault of this work alone.</summary>
    /// <exception cref="MaintenanceException">The work is refused; the others of the group go on.</exception>
    public abstract void Apply(MetricStatements statements, ProducerSequences sequences, string now);

    /// <summary>The transaction is on disk.</summary>
    public abstract void Succeed(TimeSpan latency);

    /// <summary>Nothing of it is stored.</summary>
    public abstract void Fail(Exception error);
}

/// <summary>A producer says hello: it takes over from its earlier stream and learns where it stands.</summary>
/// <param name="session">The stream.</param>
/// <param name="receivedAt">Timestamp of its arrival.</param>
/// <param name="idleSince">Producers that sent nothing since then are forgotten; null: not looked for now.</param>
internal sealed class HelloWork(ProducerSession session, long receivedAt, string? idleSince) : IngestWork(session, receivedAt)
{
    private readonly TaskCompletionSource<ProducerState> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ProducerState? _state;

    public Task<ProducerState> Done => _done.Task;

    public override void Apply(MetricStatements statements, ProducerSequences sequences, string now)
    {
        if (idleSince is not null)
            statements.ForgetProducers(idleSince);
        _state = statements.ReadProducer(Session.ProducerId);
        statements.UpsertProducer(Session, _state.LastSequence, now);
        sequences.TakeOver(Session, _state.LastSequence);
    }

    public override void Succeed(TimeSpan latency) => _done.TrySetResult(_state!);

    public override void Fail(Exception error) => _done.TrySetException(error);
}

/// <summary>A batch to store.</summary>
/// <param name="session">The stream.</param>
/// <param name="batch">What to store.</param>
/// <param name="receivedAt">Timestamp of its arrival.</param>
/// <param name="place">Room for what is rejected, until the producer reads it; null: nobody counts it.</param>
internal sealed class BatchWork(ProducerSession session, ValidatedBatch batch, long receivedAt, UnreadAcknowledgements.Place? place = null) : IngestWork(session, receivedAt)
{
    private readonly TaskCompletionSource<BatchOutcome> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Rejection> _rejections = [.. batch.Rejections];

    public Task<BatchOutcome> Done => _done.Task;

    public ValidatedBatch Batch { get; } = batch;

    public bool IsDuplicate { get; private set; }

    /// <summary>Rows that were stored.</summary>
    public int Stored { get; private set; }

    /// <summary>What was not stored, of the check before and of the database.</summary>
    public IReadOnlyList<Rejection> Rejections => _rejections;

    public override int Rows => Batch.Rows.Count;

    public override long Bytes => Batch.Bytes;

    public override void Apply(MetricStatements statements, ProducerSequences sequences, string now)
    {
        IsDuplicate = sequences.IsStored(Session, Batch.Sequence);
        _rejections.RemoveRange(Batch.Rejections.Count, _rejections.Count - Batch.Rejections.Count);
        if (IsDuplicate)
            return;
        StoreRows(statements);
        foreach (var (index, report, monitoredAt) in Batch.Sources)
        {
            if (statements.UpsertSource(Session, report, monitoredAt, now) is var (field, reason))
                _rejections.Add(new Rejection(RejectedEntry.Source, index, field, reason));
        }

        statements.UpsertProducer(Session, Batch.Sequence, now);
        sequences.Advance(Session, Batch.Sequence);
    }

    private void StoreRows(MetricStatements statements)
    {
        Stored = 0;
        var (why, reason) = ("", "");
        for (var i = 0; i < Batch.Rows.Count; i++)
        {
            if (statements.Insert(Batch.Rows[i]) is not { } refused)
            {
                Stored++;
                continue;
            }

            // One text for all that are refused for the same: ten thousand of them would be megabytes.
            if (refused != why)
                (why, reason) = (refused, $"is refused by the database: {refused}");
            _rejections.Add(new Rejection(RejectedEntry.Sample, Batch.SampleOf(i), "sample", reason));
        }
    }

    public override void Succeed(TimeSpan latency)
    {
        var outcome = IsDuplicate ? new BatchOutcome(Batch.Sequence, 0, true, [], latency) : new BatchOutcome(Batch.Sequence, Stored, false, _rejections, latency);
        place?.Settle(outcome.Rejections);
        _done.TrySetResult(outcome);
    }

    public override void Fail(Exception error) => _done.TrySetException(error);
}
