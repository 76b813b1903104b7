using System.Globalization;
using System.Text.Json;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>How far summaries have been read: the last one's step, source and type.</summary>
internal static class SummaryPosition
{
    private static readonly long MostMinutes = TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMinute;

    public static string Write(in RollupKey last) =>
        JsonSerializer.Serialize(new[] { last.Minute.ToString(CultureInfo.InvariantCulture), last.SourceName, last.MetricType });

    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: this was not written by <see cref="Write"/>.</exception>
    public static RollupKey Parse(string text)
    {
        if (PagePositions.Parse(text) is not [{ } step, { } source, { } type])
            throw PagePositions.Foreign();
        var minute = PagePositions.Number(step);
        // A minute that no calendar has would be no moment later on.
        return minute >= -MostMinutes && minute <= MostMinutes ? new RollupKey(minute, source, type) : throw PagePositions.Foreign();
    }
}
