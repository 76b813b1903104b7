namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// How long a cleanup will still take, from what it did in the last half minute, rests included: it changes with the load, and so does this. Not thread-safe.
/// </summary>
internal sealed class CleanupEta(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
    private readonly Queue<(long At, long Rows)> _seen = new();

    /// <summary>Tells how far it is.</summary>
    /// <param name="rows">Rows so far.</param>
    /// <param name="total">Rows in all; 0: unknown.</param>
    /// <returns>How long it will still take; null: not known yet.</returns>
    public TimeSpan? Remaining(long rows, long total)
    {
        var now = time.GetTimestamp();
        _seen.Enqueue((now, rows));
        while (_seen.Count > 2 && time.GetElapsedTime(_seen.Peek().At, now) > Window)
            _seen.Dequeue();
        var (from, before) = _seen.Peek();
        var elapsed = time.GetElapsedTime(from, now);
        if (total <= 0 || elapsed < Least || rows <= before)
            return null;
        return elapsed * (Math.Max(0, total - rows) / (double)(rows - before));
    }
}
