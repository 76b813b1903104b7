using System.Globalization;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// Which stream speaks for each producer, and the number of its last batch. What changes within a transaction counts at once for
/// later work of the same group and is kept or forgotten with it. Thread-safe, for <see cref="EndAll"/>; all else is the writer's thread's.
/// </summary>
internal sealed class ProducerSequences
{
    /// <summary>So many are remembered without a look at who has left; later, twice as many as have a stream.</summary>
    internal const int LeastRemembered = 1_000;

    private readonly Lock _lock = new();
    private int _forgetAt = LeastRemembered;
    private readonly Dictionary<string, (ProducerSession Session, long Last)> _committed = [];
    private readonly Dictionary<string, (ProducerSession Session, long Last)> _pending = [];

    // Streams that began, and were followed by another of their producer, within the transaction.
    private readonly List<ProducerSession> _overtaken = [];

    /// <summary>Producers that are remembered: those with a stream, and some whose stream has ended.</summary>
    public int Count
    {
        get { lock (_lock) return _committed.Count; }
    }

    public void TakeOver(ProducerSession session, long last)
    {
        lock (_lock)
        {
            if (_pending.TryGetValue(session.ProducerId, out var before) && before.Session != session)
                _overtaken.Add(before.Session);
            _pending[session.ProducerId] = (session, last);
        }
    }

    /// <summary>Whether the batch is stored already.</summary>
    /// <exception cref="MaintenanceException">Another stream speaks for the producer now, or numbers are missing before this one.</exception>
    public bool IsStored(ProducerSession session, long sequence)
    {
        var last = Last(session);
        if (sequence <= last)
            return true;
        if (sequence == last + 1)
            return false;
        throw new MaintenanceException(
            ErrorKind.Aborted, ErrorReasons.BatchOutOfOrder, string.Create(CultureInfo.InvariantCulture, $"Batch {sequence} of '{session.ProducerId}' came after {last}; say hello again and go on with {last + 1}."))
        {
            Metadata = new Dictionary<string, string> { ["expectedSequence"] = (last + 1).ToString(CultureInfo.InvariantCulture) },
            RetryAfter = TimeSpan.FromMilliseconds(100),
        };
    }

    public void Advance(ProducerSession session, long sequence)
    {
        lock (_lock)
            _pending[session.ProducerId] = (session, sequence);
    }

    public void Commit()
    {
        lock (_lock)
        {
            foreach (var (producer, state) in _pending)
            {
                if (_committed.TryGetValue(producer, out var before) && before.Session != state.Session)
                    before.Session.Replace();
                _committed[producer] = state;
            }

            _pending.Clear();
            _overtaken.ForEach(static session => session.Replace());
            _overtaken.Clear();
            if (_committed.Count >= _forgetAt)
                ForgetThoseWhoLeft();
        }
    }

    public void Rollback()
    {
        lock (_lock)
        {
            _pending.Clear();
            _overtaken.Clear();
        }
    }

    /// <summary>
    /// Forgets every producer: what they know of their numbers no longer holds. Only while the writer is not within a transaction, which
    /// holding the <see cref="Databases.Sqlite.WriteGate"/> makes sure of.
    /// </summary>
    public void EndAll(Func<ProducerSession, MaintenanceException> why)
    {
        lock (_lock)
        {
            foreach (var (session, _) in _committed.Values)
                session.End(why(session));
            _committed.Clear();
        }
    }

    /// <summary>
    /// Once in a while: a producer that comes back says hello, which reads its number from the database. What a stream left in the queue when it ended
    /// is refused then, which nobody hears; its producer sends it again.
    /// </summary>
    private void ForgetThoseWhoLeft()
    {
        foreach (var (producer, state) in _committed)
        {
            // Removing while enumerating is what a dictionary permits.
            if (state.Session.HasLeft)
                _committed.Remove(producer);
        }

        _forgetAt = Math.Max(LeastRemembered, 2 * _committed.Count);
    }

    private long Last(ProducerSession session)
    {
        lock (_lock)
        {
            if ((_pending.TryGetValue(session.ProducerId, out var state) || _committed.TryGetValue(session.ProducerId, out state)) && state.Session == session)
                return state.Last;
        }

        throw session.EndedError();
    }
}
