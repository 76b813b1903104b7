namespace ThreatLens.Maintenance.Statistics.History;

/// <summary>How fast the database grows: a straight line through the samples of a while, by least squares.</summary>
/// <param name="BytesPerDay">Bytes that hold something, a day; negative: it shrinks.</param>
/// <param name="ErrorBytesPerDay">Two standard errors of it: how far samples that do not lie on a line leave it open.</param>
/// <param name="Span">From the first of the samples to the last.</param>
/// <param name="Samples">How many there were.</param>
/// <param name="At">Of the last sample, UTC.</param>
public sealed record Growth(double BytesPerDay, double ErrorBytesPerDay, TimeSpan Span, int Samples, DateTimeOffset At)
{
    /// <summary>Fewer samples make no line.</summary>
    public const int LeastSamples = 4;

    /// <summary>A shorter time says nothing of a day.</summary>
    public static readonly TimeSpan LeastSpan = TimeSpan.FromMinutes(30);

    /// <summary>Days until that much room is taken at this rate.</summary>
    /// <param name="roomBytes">Free bytes: of the disk or up to the budget, and free pages.</param>
    /// <returns>Null: it does not grow.</returns>
    public double? DaysUntilFull(long roomBytes) => BytesPerDay > 0 ? Math.Max(0, roomBytes) / BytesPerDay : null;

    /// <summary>Draws the line.</summary>
    /// <param name="samples">Oldest first.</param>
    /// <returns>Null: they are too few, or of too short a time.</returns>
    internal static Growth? Of(IReadOnlyList<HealthSample> samples)
    {
        if (samples.Count < LeastSamples || samples[^1].At - samples[0].At < LeastSpan)
            return null;
        var points = samples.Select(s => (Day: (s.At - samples[0].At).TotalDays, Bytes: (double)s.UsedBytes)).ToList();
        var (day, bytes) = (points.Average(p => p.Day), points.Average(p => p.Bytes));
        var spread = points.Sum(p => (p.Day - day) * (p.Day - day));
        var slope = points.Sum(p => (p.Day - day) * (p.Bytes - bytes)) / spread;
        var residuals = points.Sum(p => Math.Pow(p.Bytes - bytes - (slope * (p.Day - day)), 2));
        return new Growth(slope, 2 * Math.Sqrt(residuals / (points.Count - 2) / spread), samples[^1].At - samples[0].At, samples.Count, samples[^1].At);
    }
}

/// <summary>Since when something has been as it is.</summary>
/// <param name="At">When it was first seen so, UTC.</param>
/// <param name="IsAtLeast">The history begins with it: it may have been so before.</param>
public sealed record Since(DateTimeOffset At, bool IsAtLeast);
