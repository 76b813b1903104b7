using System.Globalization;
using ThreatLens.Maintenance.Retention;

namespace ThreatLens.Maintenance.Statistics.Sampling;

/// <summary>
/// The rows of a table in a window of time, from the index on its time column where there is one. Times are text in shapes of which one sorts
/// behind the others on the same day ('T' after ' '), so the window is two ranges of the index, and each row's own time decides. Times
/// with an offset, which neither this service nor the original writes, are found where their text sorts.
/// </summary>
internal static class WindowScan
{
    private const int PieceRows = 5_000;
    private const string Written = "yyyy-MM-dd HH:mm:ss";

    /// <summary>Hands over each row.</summary>
    /// <param name="reading">Where to read.</param>
    /// <param name="table">What to read.</param>
    /// <param name="from">The window begins here, inclusive.</param>
    /// <param name="to">The window ends here, exclusive.</param>
    /// <param name="columns">Further columns: number 2 and so on of the row.</param>
    /// <param name="row">Is given the row and its time, in ticks.</param>
    public static void Run(PacedReading reading, RetentionTable table, DateTimeOffset from, DateTimeOffset to, string[] columns, Action<RowScan, long> row)
    {
        if (from >= to)
            return;
        using var scan = new RowScan(reading.Connection, table, columns);
        foreach (var (low, high) in scan.IsInOrder ? Ranges(from, to) : [(RowPosition.Start.TimeText, RowScan.AllTimes)])
            ReadRange(reading, scan, new RowPosition(low, long.MinValue), high, (from.UtcTicks, to.UtcTicks), row);
    }

    /// <summary>
    /// The first holds the times with a space, and those with a 'T' of all days but the last; the second holds those with a 'T' of the last day.
    /// </summary>
    internal static IReadOnlyList<(string Low, string High)> Ranges(DateTimeOffset from, DateTimeOffset to)
    {
        var (first, last) = (Text(from), TextAbove(to));
        var lastDay = last[..10] + "T";
        var secondLow = first[..10] == last[..10] ? WithT(first) : lastDay;
        return [(first, last), (secondLow, WithT(last))];
    }

    private static void ReadRange(PacedReading reading, RowScan scan, RowPosition position, string high, (long From, long To) window, Action<RowScan, long> row)
    {
        while (true)
        {
            reading.BetweenPieces();
            scan.Begin(position, high, PieceRows);
            var rows = 0;
            for (; scan.Next(); rows++)
            {
                if (rows == PieceRows - 1)
                    position = scan.Position;
                if (scan.TryReadTime(out var ticks) && ticks >= window.From && ticks < window.To)
                    row(scan, ticks);
            }

            if (rows < PieceRows)
                return;
        }
    }

    private static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString(Written, CultureInfo.InvariantCulture);

    /// <summary>The first whole second that no moment before this one sorts behind, whatever its fraction.</summary>
    private static string TextAbove(DateTimeOffset moment) =>
        moment.UtcTicks > DateTimeOffset.MaxValue.UtcTicks - TimeSpan.TicksPerSecond ? "9999-12-31 99" : Text(moment.AddTicks(TimeSpan.TicksPerSecond - 1));

    private static string WithT(string text) => text[..10] + "T" + text[11..];
}
