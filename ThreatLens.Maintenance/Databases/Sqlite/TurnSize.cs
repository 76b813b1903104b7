namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>How much work fits into one turn of the write gate, learned from the turn before.</summary>
internal static class TurnSize
{
    /// <summary>The size by which the next turn takes as long as wanted, if a turn takes as long as there is work in it.</summary>
    /// <param name="size">Size of the last turn, units of the caller's.</param>
    /// <param name="target">How long a turn is to take.</param>
    /// <param name="held">How long the last one took.</param>
    /// <param name="growth">Most it may grow by at once, a factor; it shrinks by as much as it must.</param>
    /// <param name="least">Smallest size.</param>
    /// <param name="most">Largest size.</param>
    public static int Next(int size, TimeSpan target, TimeSpan held, double growth, int least, int most)
    {
        var factor = target / (held > TimeSpan.Zero ? held : TimeSpan.FromTicks(1));
        return (int)Math.Clamp(size * Math.Min(factor, growth), least, most);
    }
}
