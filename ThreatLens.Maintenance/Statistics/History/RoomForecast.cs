namespace ThreatLens.Maintenance.Statistics.History;

/// <summary>How long there is room, by the growth so far: what the report judges, and what is sent for alerts.</summary>
/// <param name="Days">Days until the disk or the budget is full; null: the database does not grow.</param>
/// <param name="IsTelling">
/// Whether anybody is to be alarmed by it: the growth was seen for <see cref="LeastSpan"/>, and is more than the samples leave open.
/// </param>
internal sealed record RoomForecast(double? Days, bool IsTelling)
{
    /// <summary>What was seen for a shorter time tells nothing of days: a first import, a busy hour. 6 h.</summary>
    public static readonly TimeSpan LeastSpan = TimeSpan.FromHours(6);

    /// <summary>Draws the growth on.</summary>
    /// <param name="growth">How the database grew; null: not known.</param>
    /// <param name="usedBytes">Bytes that hold something.</param>
    /// <param name="freePageBytes">Free pages, which are written again before the file grows.</param>
    /// <param name="diskFreeBytes">Free on the disk.</param>
    /// <param name="budgetBytes">The configured budget; 0: none. What a cleanup keeps the size at is no wall, and no budget.</param>
    /// <returns>Null: nothing is known of the growth.</returns>
    public static RoomForecast? Of(Growth? growth, long usedBytes, long freePageBytes, long diskFreeBytes, long budgetBytes)
    {
        if (growth is null)
            return null;
        var room = Math.Min(diskFreeBytes + freePageBytes, budgetBytes == 0 ? long.MaxValue : budgetBytes - usedBytes);
        return new RoomForecast(growth.DaysUntilFull(room), growth.Span >= LeastSpan && growth.BytesPerDay > growth.ErrorBytesPerDay);
    }
}
