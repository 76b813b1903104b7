namespace ThreatLens.Maintenance.Diagnostics;

/// <summary>How often something happened in each minute of the last day: 24 KiB of memory, nothing read and nothing written. Thread-safe.</summary>
public sealed class MinuteCounter(TimeProvider time)
{
    private const int Minutes = 24 * 60;
    private readonly Lock _lock = new();
    private readonly (long Minute, long Count)[] _ring = new (long, long)[Minutes];
    private long _total;

    /// <summary>How often since this was made.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>It happened.</summary>
    /// <param name="times">How often, 0 or more.</param>
    public void Add(long times = 1)
    {
        if (times == 0)
            return;
        Interlocked.Add(ref _total, times);
        var minute = Now;
        lock (_lock)
        {
            ref var slot = ref _ring[minute % Minutes];
            slot = slot.Minute == minute ? (minute, slot.Count + times) : (minute, times);
        }
    }

    /// <summary>How often within the last minutes: the present one, which is not over, and those before it.</summary>
    /// <param name="minutes">How many, 1 to 1,440.</param>
    public long Last(int minutes)
    {
        var now = Now;
        var sum = 0L;
        lock (_lock)
        {
            for (var minute = now - minutes + 1; minute <= now; minute++)
            {
                var slot = _ring[((minute % Minutes) + Minutes) % Minutes];
                sum += slot.Minute == minute ? slot.Count : 0;
            }
        }

        return sum;
    }

    private long Now => time.GetUtcNow().ToUnixTimeSeconds() / 60;
}
