using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Windows of time between the domain and the contract, and in page tokens.</summary>
internal static class WindowMapping
{
    /// <summary>Reads a window.</summary>
    /// <param name="window">Unset: so long back from now. Without a begin: from the beginning; without an end: until now.</param>
    /// <param name="defaultLength">How long.</param>
    /// <param name="now">The request's moment.</param>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field.</exception>
    public static (DateTimeOffset From, DateTimeOffset To) ToDomain(Contract.TimeRange? window, TimeSpan defaultLength, DateTimeOffset now)
    {
        var from = window is null ? now - defaultLength : ToMoment("window.start_time", window.StartTime) ?? DateTimeOffset.MinValue;
        var to = ToMoment("window.end_time", window?.EndTime) ?? now;
        return to >= from
            ? (from, to)
            : throw MaintenanceException.InvalidArgument(window?.EndTime is null ? "window.start_time" : "window.end_time", "the window ends before it begins");
    }

    public static Contract.TimeRange ToContract(DateTimeOffset from, DateTimeOffset to) => new() { StartTime = from.ToTimestamp(), EndTime = to.ToTimestamp() };

    /// <summary>A position in a list that is of this window: on later pages "now" is another moment.</summary>
    public static string Write(DateTimeOffset from, DateTimeOffset to, string position) =>
        string.Create(CultureInfo.InvariantCulture, $"{from.UtcTicks} {to.UtcTicks} {position}");

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: it did not.</exception>
    public static (DateTimeOffset From, DateTimeOffset To, string Position) Resume(string text)
    {
        var parts = text.Split(' ', 3);
        return parts.Length == 3 && OfTicks(parts[0]) is { } from && OfTicks(parts[1]) is { } to
            ? (from, to, parts[2])
            : throw NotOurs();
    }

    public static MaintenanceException NotOurs() => MaintenanceException.InvalidArgument("page_token", "is not the next_page_token of a page with the same filters");

    /// <summary>A moment, rounded up to microseconds, which times are stored in: right for both ends of a half-open range.</summary>
    private static DateTimeOffset? ToMoment(string field, Timestamp? time)
    {
        const int NanosPerMicrosecond = 1_000;
        if (time is null)
            return null;
        var isValid = time.Nanos is >= 0 and < 1_000_000_000
            && time.Seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && time.Seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        if (!isValid)
            throw MaintenanceException.InvalidArgument(field, "is no time between the years 1 and 9999");
        var ticks = DateTimeOffset.FromUnixTimeSeconds(time.Seconds).UtcTicks + ((time.Nanos + NanosPerMicrosecond - 1) / NanosPerMicrosecond * TimeSpan.TicksPerMicrosecond);
        return new DateTimeOffset(Math.Min(ticks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
    }

    private static DateTimeOffset? OfTicks(string ticks) =>
        long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= DateTimeOffset.MaxValue.UtcTicks ? new DateTimeOffset(number, TimeSpan.Zero) : null;
}
