namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>How regularly metrics of a source come in, or came in before it fell silent.</summary>
/// <param name="LastMinute">Beginning of the last minute with one, UTC.</param>
/// <param name="LongPause">The time from one minute with metrics to the next that 99 of 100 do not exceed, whole minutes; null: there were no two.</param>
/// <param name="Pauses">How many pauses that comes from.</param>
internal sealed record SourceRhythm(DateTimeOffset LastMinute, TimeSpan? LongPause, int Pauses)
{
    /// <summary>Fewer pauses make no rhythm.</summary>
    public const int LeastPauses = 20;

    private const double Normal = 0.99;

    /// <summary>What is normal for the source; null: that is not known.</summary>
    public TimeSpan? NormalPause => Pauses >= LeastPauses ? LongPause : null;

    /// <summary>What the pauses of a while come to.</summary>
    /// <param name="lastMinute">Minutes since 1970.</param>
    /// <param name="lengths">Minutes from one minute with metrics to the next, and how often.</param>
    public static SourceRhythm Of(long lastMinute, Dictionary<long, int> lengths)
    {
        var (count, seen) = (lengths.Values.Sum(), 0);
        var rank = Math.Ceiling(Normal * count);
        var longest = lengths.OrderBy(l => l.Key).FirstOrDefault(l => (seen += l.Value) >= rank).Key;
        return new SourceRhythm(DateTimeOffset.FromUnixTimeSeconds(lastMinute * 60), count == 0 ? null : TimeSpan.FromMinutes(longest), count);
    }

    /// <summary>What is known once more has been seen: the newer rhythm, unless it is of too few pauses and the older one of more.</summary>
    public SourceRhythm Then(SourceRhythm newer) =>
        newer.Pauses >= LeastPauses || newer.Pauses >= Pauses ? newer : this with { LastMinute = newer.LastMinute };
}
