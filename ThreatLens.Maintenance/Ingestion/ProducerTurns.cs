namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// What waits, by producer: each producer's work in its order, and the producers in turn, one piece of work each, so that one that floods
/// waits behind its own flood and not the others. Not thread-safe.
/// </summary>
internal sealed class ProducerTurns
{
    private readonly Dictionary<string, Queue<IngestWork>> _byProducer = [];
    private readonly Queue<Queue<IngestWork>> _turns = new();

    public int Count { get; private set; }

    public void Add(IngestWork work)
    {
        // By producer, not by stream: a new stream's hello comes after what the old one left.
        if (!_byProducer.TryGetValue(work.Session.ProducerId, out var own))
            _byProducer.Add(work.Session.ProducerId, own = new Queue<IngestWork>());
        own.Enqueue(work);
        if (own.Count == 1)
            _turns.Enqueue(own);
        Count++;
    }

    /// <summary>Takes the next producer's oldest work.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IngestWork? work)
    {
        work = null;
        if (!_turns.TryDequeue(out var own))
            return false;
        work = own.Dequeue();
        Count--;
        if (own.Count > 0)
            _turns.Enqueue(own);
        else
            _byProducer.Remove(work.Session.ProducerId);
        return true;
    }
}
