using System.Buffers.Text;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Statistics.Processing;

/// <summary>Adds events up. Not thread-safe.</summary>
internal sealed class ProcessingTally
{
    /// <summary>The columns that <see cref="Add"/> reads, in its order.</summary>
    public static readonly string[] Columns = ["realtime_processed", "notification_sent", "processing_time"];

    private const int Realtime = 2;
    private const int Sent = 3;
    private const int Time = 4;

    // What a duration of the contract can hold.
    private const double MaxSeconds = 315_576_000_000;
    private readonly ValueSpread _times = new();
    private long _events;
    private long _realtime;
    private long _pending;
    private long _unknown;
    private long _missing;
    private long _invalid;

    /// <summary>Adds an event.</summary>
    /// <param name="row">Stands at the event.</param>
    /// <param name="hasColumns">Whether the table has <see cref="Columns"/>.</param>
    public void Add(RowScan row, bool hasColumns)
    {
        _events++;
        if (!hasColumns)
        {
            _missing++;
            return;
        }

        if (row.Is(Realtime, 1))
        {
            _realtime++;
            _pending += row.Is(Sent, 0) ? 1 : 0;
            _unknown += row.IsNull(Sent) ? 1 : 0;
        }

        AddTime(row);
    }

    /// <summary>What they come to.</summary>
    public ProcessingStatistics ToStatistics(DateTimeOffset from, DateTimeOffset to, Origin origin) => new()
    {
        From = from,
        To = to,
        Events = _events,
        RealtimeProcessed = _realtime,
        PendingNotifications = _pending,
        UnknownNotifications = _unknown,
        ProcessingTimes = _times.Count,
        MissingProcessingTimes = _missing,
        InvalidProcessingTimes = _invalid,
        MeanProcessingSeconds = _times.Mean,
        P95ProcessingSeconds = _times.Percentile(0.95),
        P95ErrorBound = _times.ErrorBound,
        Origin = origin,
    };

    /// <summary>What counts as a processing time: a decimal number of seconds, not negative, white space around it allowed.</summary>
    /// <param name="text">UTF-8.</param>
    /// <returns>Null when it is none.</returns>
    internal static double? SecondsOf(ReadOnlySpan<byte> text)
    {
        var number = text.Trim(" \t\r\n"u8);
        // The parser also takes "NaN" and "Infinity".
        return number.Length > 0 && (char.IsAsciiDigit((char)number[0]) || number[0] is (byte)'.' or (byte)'+')
            && Utf8Parser.TryParse(number, out double seconds, out var read) && read == number.Length && seconds is >= 0 and <= MaxSeconds
            ? seconds
            : null;
    }

    private void AddTime(RowScan row)
    {
        if (row.IsNull(Time) || row.Bytes(Time).IsEmpty)
            _missing++;
        else if (row.IsText(Time) && SecondsOf(row.Bytes(Time)) is { } seconds)
            _times.Add(seconds);
        else
            _invalid++;
    }
}
