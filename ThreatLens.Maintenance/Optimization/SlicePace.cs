using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>
/// How much the next slice may do, from how long the last ones held the write lock and how long writers took meanwhile: it shrinks at once and grows
/// slowly, and the pause after a slice is never shorter than a quarter of it. Not thread-safe.
/// </summary>
internal sealed class SlicePace(TimeSpan target, TimeSpan leastPause, int first, int least, int most)
{
    private const double Growth = 1.25;
    private const int Slow = 2;
    private const int TooSlow = 4;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);
    private TimeSpan _restsFor;

    /// <summary>Units of the next slice.</summary>
    public int Size { get; private set; } = first;

    /// <summary>How long to let others write before the next slice.</summary>
    public TimeSpan Pause { get; private set; } = TimeSpan.Zero;

    /// <summary>Learns from a slice.</summary>
    /// <param name="held">How long it held the write lock.</param>
    /// <param name="writers">What the slowest writer took that was done since the slice before, from when it came; zero: there was none.</param>
    public void Held(TimeSpan held, TimeSpan writers = default)
    {
        // A writer waits for one slice and its own commit; what it takes beyond that, the disk takes, which is busy with what the slices have written.
        var isTooSlow = writers > target * TooSlow;
        Size = isTooSlow ? Math.Max(least, Size / 2) : TurnSize.Next(Size, target, held, writers > target * Slow ? 1 : Growth, least, most);
        _restsFor = isTooSlow ? Longer(_restsFor) : _restsFor / 2;
        Pause = TimeSpan.FromTicks(Math.Max(Math.Max(held.Ticks / 4, leastPause.Ticks), _restsFor.Ticks));
    }

    private TimeSpan Longer(TimeSpan rest) => TimeSpan.FromTicks(Math.Clamp(rest.Ticks * 2, target.Ticks, LongestPause.Ticks));
}
