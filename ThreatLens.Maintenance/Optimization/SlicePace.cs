using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>
/// How much the next slice may do, from how long the last ones held the write lock: it shrinks at once and grows slowly, and the pause
/// after a slice is never shorter than a quarter of it. Not thread-safe.
/// </summary>
internal sealed class SlicePace(TimeSpan target, TimeSpan leastPause, int first, int least, int most)
{
    private const double Growth = 1.25;

    /// <summary>Units of the next slice.</summary>
    public int Size { get; private set; } = first;

    /// <summary>How long to let others write before the next slice.</summary>
    public TimeSpan Pause { get; private set; } = TimeSpan.Zero;

    /// <summary>Learns from a slice.</summary>
    /// <param name="held">How long it held the write lock.</param>
    public void Held(TimeSpan held)
    {
        Size = TurnSize.Next(Size, target, held, Growth, least, most);
        Pause = held / 4 > leastPause ? held / 4 : leastPause;
    }
}
