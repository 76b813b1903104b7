using System.Globalization;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>
/// Times of the week in which something may run, by the clocks of a time zone: <c>Sat,Sun 01:00-05:00; Mon-Fri 23:00-02:00</c>. Without days: every day.
/// One that passes midnight belongs to the day it begins on. Where clocks are changed it is the time they show that counts. Immutable.
/// </summary>
public sealed class MaintenanceWindow
{
    // From the day before. Every window opens once within a week; a clock change may take one away, and the next is then up to two weeks from today.
    private const int SearchedDays = 17;
    private static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    private readonly TimeZoneInfo _zone;
    private readonly List<Span> _spans;
    private readonly string _text;

    private MaintenanceWindow(string text, TimeZoneInfo zone, List<Span> spans) => (_text, _zone, _spans) = (text, zone, spans);

    /// <summary>Reads windows.</summary>
    /// <param name="text">Windows separated by semicolons: days (<c>Mon</c>, <c>Mon-Fri</c>, <c>Sat,Sun</c>) and times (<c>HH:MM-HH:MM</c>, to 24:00).</param>
    /// <param name="zone">Whose clocks.</param>
    /// <exception cref="FormatException">It is none, and says why.</exception>
    public static MaintenanceWindow Parse(string text, TimeZoneInfo zone)
    {
        var parts = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return parts.Length > 0 ? new MaintenanceWindow(text.Trim(), zone, [.. parts.Select(ParseSpan)]) : throw Unreadable(text);
    }

    /// <summary>Whether a moment lies within.</summary>
    /// <param name="moment">Any moment.</param>
    public bool Contains(DateTimeOffset moment)
    {
        var local = TimeZoneInfo.ConvertTime(moment, _zone);
        return _spans.Exists(s => s.Contains(local.DayOfWeek, local.TimeOfDay));
    }

    /// <summary>The moment itself when it lies within, else when the next window opens; null: in the next two weeks none does.</summary>
    /// <param name="moment">Any moment.</param>
    public DateTimeOffset? OpenFrom(DateTimeOffset moment) => Contains(moment) ? moment : First(moment, s => s.Start, Contains);

    /// <summary>When the window that a moment lies in closes; null: in the next two weeks it does not, or the moment lies in none.</summary>
    /// <param name="moment">Any moment.</param>
    public DateTimeOffset? CloseAfter(DateTimeOffset moment) => Contains(moment) ? First(moment, s => s.End, m => !Contains(m)) : null;

    /// <inheritdoc/>
    public override string ToString() => _text;

    private DateTimeOffset? First(DateTimeOffset moment, Func<Span, TimeSpan> edge, Func<DateTimeOffset, bool> isRight)
    {
        var today = TimeZoneInfo.ConvertTime(moment, _zone).Date;
        return (from day in Enumerable.Range(-1, SearchedDays)
                from span in _spans
                from at in Moments(today.AddDays(day) + edge(span))
                where at > moment && isRight(at)
                orderby at
                select (DateTimeOffset?)at).FirstOrDefault();
    }

    /// <summary>When clocks show that: twice where they are set back, and where they skip it, when they have.</summary>
    private IEnumerable<DateTimeOffset> Moments(DateTime local)
    {
        while (_zone.IsInvalidTime(local))
            local = local.AddMinutes(1);
        return _zone.IsAmbiguousTime(local)
            ? _zone.GetAmbiguousTimeOffsets(local).Select(offset => new DateTimeOffset(local, offset).ToUniversalTime())
            : [new DateTimeOffset(local, _zone.GetUtcOffset(local)).ToUniversalTime()];
    }

    private static Span ParseSpan(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is not (1 or 2) || words[^1].Split('-') is not [var from, var to] || ParseTime(from) is not { } start || ParseTime(to) is not { } end
            || start == end || start == TimeSpan.FromDays(1))
            throw Unreadable(text);
        var days = words.Length == 1 ? Enumerable.Range(0, 7) : words[0].Split(',').SelectMany(d => ParseDays(d, text));
        return new Span([.. days.Select(d => (DayOfWeek)d)], start, end > start ? end : end + TimeSpan.FromDays(1));
    }

    private static IEnumerable<int> ParseDays(string text, string all)
    {
        var ends = text.Split('-').Select(d => Array.FindIndex(Days, day => day.Equals(d, StringComparison.OrdinalIgnoreCase))).ToList();
        if (ends.Count is not (1 or 2) || ends.Contains(-1))
            throw Unreadable(all);
        return Enumerable.Range(0, ((ends[^1] - ends[0] + 7) % 7) + 1).Select(i => (ends[0] + i) % 7);
    }

    private static TimeSpan? ParseTime(string text) => text == "24:00" ? TimeSpan.FromDays(1)
        : TimeSpan.TryParseExact(text, "hh\\:mm", CultureInfo.InvariantCulture, out var time) ? time : null;

    private static FormatException Unreadable(string text) =>
        new($"'{text}' is no window: 'Sat,Sun 01:00-05:00; Mon-Fri 23:00-02:00' are two; days are Mon, Tue, Wed, Thu, Fri, Sat, Sun, none of them means every day");

    /// <summary>One window of some days. The end may lie in the next day: more than 24 hours then.</summary>
    private sealed record Span(HashSet<DayOfWeek> Days, TimeSpan Start, TimeSpan End)
    {
        public bool Contains(DayOfWeek day, TimeSpan time) =>
            (Days.Contains(day) && time >= Start && time < End)
            || (Days.Contains((DayOfWeek)(((int)day + 6) % 7)) && time + TimeSpan.FromDays(1) < End);
    }
}
