using System.Globalization;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>
/// Rows of processing_metrics in a window, oldest first, from an index: never the whole table. Timestamps are text in two forms of which one
/// sorts behind the other on the same day ('T' after ' '), so each day is read as two sequences that are merged. Lazy; holds two rows at a time.
/// A 'Z' sorts behind a fraction: such rows come in their second, but possibly behind others of it.
/// </summary>
internal sealed class RawMetrics
{
    private const string Written = "yyyy-MM-dd HH:mm:ss";
    private static readonly long LastMicrosecond = MetricTime.Of(DateTimeOffset.MaxValue);
    private readonly SqliteSession _session;
    private readonly long _from;
    private readonly long _to;
    private readonly string _where;
    private readonly (string, object?)[] _filter;

    /// <param name="session">Where to read.</param>
    /// <param name="query">Which rows.</param>
    /// <param name="onlyPending">Only rows that are not in the rollups.</param>
    public RawMetrics(SqliteSession session, MetricQuery query, bool onlyPending)
    {
        _session = session;
        (_from, _to) = (MetricTime.Of(query.Window.From), MetricTime.Of(query.Window.To));
        _filter = [("$source", query.SourceName), ("$type", query.MetricType)];
        // With a plus SQLite does not consider the narrower indexes, which would read all the rows of a source whatever their time.
        var plus = HasIndexOf(session, query) ? "" : "+";
        _where = (query.SourceName is null ? "" : $" AND {plus}m.source_name = $source")
            + (query.MetricType is null ? "" : $" AND {plus}m.metric_type = $type")
            + (onlyPending ? " AND " + PendingMetrics.Condition : "");
    }

    /// <summary>The rows behind a position.</summary>
    /// <param name="position">From <see cref="Begin"/>, or where the last page ended.</param>
    public IEnumerable<RawMetric> After(RawPosition position)
    {
        for (DateOnly? day = DayOf(Math.Max(position.At, _from)); day is { } d && MicrosecondsOf(d) < _to; day = NextDay(d))
        {
            foreach (var row in Merge(Sequence(d, ' ', position), Sequence(d, 'T', position)))
                yield return row;
        }
    }

    /// <summary>Before the first row.</summary>
    public RawPosition Begin() => new(_from, null, null);

    /// <summary>The statement that reads a sequence of a day.</summary>
    internal string SequenceSql(bool isResumed) =>
        $"SELECT {RawMetric.Columns} FROM processing_metrics m WHERE m.timestamp >= $low AND m.timestamp < $high{_where}"
        + (isResumed ? " AND (m.timestamp > $low OR +m.id > $id)" : "") + " ORDER BY m.timestamp, m.id";

    /// <summary>The statement that looks for the next day with rows.</summary>
    internal string NextSql => $"SELECT m.timestamp FROM processing_metrics m WHERE m.timestamp >= $low AND m.timestamp < $high{_where} ORDER BY m.timestamp LIMIT 1";

    private static bool HasIndexOf(SqliteSession session, MetricQuery query) =>
        query is { SourceName: not null, MetricType: not null }
        && session.Query("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = 'idx_processing_metrics_source_type_time'", static _ => true).Count > 0;

    private IEnumerable<RawMetric> Sequence(DateOnly day, char separator, RawPosition position)
    {
        var place = separator == ' ' ? position.Spaced : position.WithT;
        var begin = Math.Max(Math.Max(MicrosecondsOf(day), _from), position.At);
        var low = Text(begin, separator);
        // A timestamp may have no fraction, so the text's bounds are whole seconds; what is exact is looked at below.
        var high = _to - MicrosecondsOf(day) >= TimeSpan.MicrosecondsPerDay ? Day(day) + (char)(separator + 1) : Text(_to + 999_999, separator);
        if (string.CompareOrdinal(low[..10], high[..10]) < 0)
            high = Day(day) + (char)(separator + 1);
        if (place is not null && string.CompareOrdinal(place.Timestamp, low) < 0)
            place = null;
        (string, object?)[] bounds = [("$low", place?.Timestamp ?? low), ("$high", high), ("$id", place?.Id), .. _filter];
        foreach (var row in _session.Stream(SequenceSql(place is not null), RawMetric.Read, bounds))
        {
            if (row is not null && row.At >= _from && row.At < _to)
                yield return row;
        }
    }

    private static IEnumerable<RawMetric> Merge(IEnumerable<RawMetric> left, IEnumerable<RawMetric> right)
    {
        using var lefts = left.GetEnumerator();
        using var rights = right.GetEnumerator();
        var hasLeft = lefts.MoveNext();
        var hasRight = rights.MoveNext();
        while (hasLeft || hasRight)
        {
            if (hasLeft && (!hasRight || lefts.Current.At <= rights.Current.At))
            {
                yield return lefts.Current;
                hasLeft = lefts.MoveNext();
            }
            else
            {
                yield return rights.Current;
                hasRight = rights.MoveNext();
            }
        }
    }

    /// <summary>The next day that has anything, so that a long window costs what is in it.</summary>
    private DateOnly? NextDay(DateOnly day)
    {
        if (day == DateOnly.MaxValue)
            return null;
        (string, object?)[] bounds = [("$low", Day(day.AddDays(1))), ("$high", Day(DayOf(_to - 1)) + "~"), .. _filter];
        return _session.Query(NextSql, row => row.GetString(0), bounds) is [var text] ? FirstDayFrom(text) : null;
    }

    /// <summary>The first day whose text does not sort before this one, which may be no date at all.</summary>
    private static DateOnly? FirstDayFrom(string text)
    {
        var (low, high) = (DateOnly.MinValue.DayNumber, DateOnly.MaxValue.DayNumber + 1);
        var date = text[..Math.Min(10, text.Length)];
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (string.CompareOrdinal(Day(DateOnly.FromDayNumber(middle)), date) < 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low > DateOnly.MaxValue.DayNumber ? null : DateOnly.FromDayNumber(low);
    }

    private static string Text(long microseconds, char separator) =>
        MetricTime.ToMoment(Math.Min(microseconds, LastMicrosecond)).UtcDateTime.ToString(Written, CultureInfo.InvariantCulture).Replace(' ', separator);

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateOnly DayOf(long microseconds) => DateOnly.FromDateTime(MetricTime.ToMoment(Math.Min(microseconds, LastMicrosecond)).UtcDateTime);

    private static long MicrosecondsOf(DateOnly day) => MetricTime.Of(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero));
}
