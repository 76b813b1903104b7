namespace ThreatLens.Maintenance.Client.Ingestion.Buffering;

/// <summary>Which number a position has with the service: one more each, from a known pair on.</summary>
/// <param name="Position">A position.</param>
/// <param name="Number">Its number.</param>
internal readonly record struct Numbering(long Position, long Number)
{
    public long NumberOf(long position) => Number + (position - Position);

    public long PositionOf(long number) => Position + (number - Number);
}

/// <summary>Where a sender stood when it began: nothing, or what its spool remembers.</summary>
/// <param name="Settled">Everything up to this position is stored or given up.</param>
/// <param name="Sent">Nothing above this position was ever sent.</param>
/// <param name="Numbering">How batches were numbered; null when none was ever sent.</param>
internal readonly record struct Standing(long Settled, long Sent, Numbering? Numbering)
{
    /// <summary>
    /// Compares this with what a welcome says is stored.
    /// <para>First contact of a process: its spool is its word, and nobody else had the id. A number within what was sent says what is
    /// stored. One above it says that all that was sent is stored, and more that the files have lost, as after a power cut. One below
    /// what is settled says that the database is an older one: what is left goes out again under the numbers it expects.</para>
    /// <para>Later, with a number above what is settled, the sender is only asked when somebody else has used the id: what was sent and
    /// not acknowledged is in doubt.</para>
    /// </summary>
    /// <param name="last">Number of the last batch that the service has stored.</param>
    /// <param name="isFirst">Whether this is the first welcome of the process.</param>
    /// <returns>Stored up to; in doubt up to (at least that); and how to number from here.</returns>
    public (long Stored, long InDoubt, Numbering Numbering) Resume(long last, bool isFirst)
    {
        if (Numbering is not { } known || last <= known.NumberOf(Settled))
            return (Settled, Settled, After(Settled, last));
        if (!isFirst)
            return (Settled, Sent, After(Sent, last));
        var stored = Math.Min(known.PositionOf(last), Sent);
        return (stored, stored, After(stored, last));
    }

    private Numbering After(long position, long last) =>
        Numbering is { } known && known.NumberOf(position) == last ? known : new Numbering(position, last);
}
