using System.Globalization;
using System.Text.RegularExpressions;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Testing.Sqlite;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>
/// What must be left after a cleanup, found the plain way: all rows in memory, every time parsed by .NET, every rule a line. Shares no code with
/// what it judges.
/// </summary>
internal sealed partial class RetentionOracle
{
    private readonly DateTimeOffset _now;
    private readonly IReadOnlyList<HoldTarget> _holds;
    private readonly Dictionary<string, List<Row>> _tables = [];

    public RetentionOracle(SqliteFile file, DateTimeOffset now, params IReadOnlyList<HoldTarget> holds)
    {
        (_now, _holds) = (now, holds);
        var there = file.Tables();
        void Read(string table, string columns) => _tables[table] = !there.Contains(table) ? [] : [.. file.Rows($"SELECT rowid, {columns} FROM {table}").Select(Row.Of)];
        Read("processing_metrics", "id, timestamp, source_name, NULL, NULL");
        Read("notification_history", "id, sent_at, NULL, event_id, NULL");
        Read("events", "id, timestamp, source, NULL, raw_log_id");
        Read("ai_analysis", "id, analyzed_at, NULL, event_id, NULL");
        Read("raw_logs", "id, ingested_at, source, NULL, NULL");
    }

    /// <summary>Ids of what is left, by table, sorted.</summary>
    public Dictionary<string, List<string>> Left(params IReadOnlyList<RetentionPolicy> policies)
    {
        var events = _tables["events"].ToDictionary(e => e.Id);
        var children = _tables["ai_analysis"].Concat(_tables["notification_history"]).ToLookup(c => c.EventId!);
        bool Pinned(Row row) => _holds.Any(h => (row.Time >= (h.Start ?? DateTimeOffset.MinValue) && row.Time < h.End) || (h.SourceName is not null && h.SourceName == row.Source)
            || (h.EventId is not null && (h.EventId == row.EventId || (h.EventId == row.Id && events.ContainsKey(row.Id) && row.RawLogId is not null))));
        bool PinnedEvent(Row e) => Pinned(e) || children[e.Id].Any(Pinned);
        bool PinnedChild(Row c) => Pinned(c) || (events.TryGetValue(c.EventId!, out var e) && PinnedEvent(e));

        var metrics = Keep("processing_metrics", policies, Pinned);
        var keptEvents = Keep("events", policies, PinnedEvent);
        var eventIds = keptEvents.Select(e => e.Id).ToHashSet();
        // An orphan goes whatever its age, what an event has goes with it.
        var analyses = _tables["ai_analysis"].Where(a => eventIds.Contains(a.EventId!) || (!events.ContainsKey(a.EventId!) && Pinned(a))).ToList();
        var notifications = Keep("notification_history", policies, PinnedChild).Where(n => eventIds.Contains(n.EventId!) || (!events.ContainsKey(n.EventId!) && Pinned(n))).ToList();
        var referred = keptEvents.Select(e => e.RawLogId).ToHashSet();
        var rawLogs = Keep("raw_logs", policies, r => Pinned(r) || referred.Contains(r.Id));
        return new()
        {
            ["processing_metrics"] = Ids(metrics),
            ["events"] = Ids(keptEvents),
            ["ai_analysis"] = Ids(analyses),
            ["notification_history"] = Ids(notifications),
            ["raw_logs"] = Ids(rawLogs),
        };
    }

    /// <summary>Rows of a table with a time that has been.</summary>
    public long Count(string table) => _tables[table].Count(r => r.Time < _now);

    /// <summary>What is really left, in the same form.</summary>
    public static Dictionary<string, List<string>> Read(SqliteFile file) => new[] { "processing_metrics", "events", "ai_analysis", "notification_history", "raw_logs" }
        .ToDictionary(t => t, t => file.Tables().Contains(t) ? file.Lines($"SELECT CAST(id AS TEXT) FROM {t}").Order(StringComparer.Ordinal).ToList() : []);

    /// <summary>A time as the shapes of the field have it; anything else is none.</summary>
    public static DateTimeOffset? Time(object? value) => value is string text && Shape().IsMatch(text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private List<Row> Keep(string table, IReadOnlyList<RetentionPolicy> policies, Func<Row, bool> pinned)
    {
        if (policies.FirstOrDefault(p => p.Table == table) is not { } policy)
            return _tables[table];
        var newest = policy.MaxRows is { } rows
            ? _tables[table].Where(r => r.Time < _now).OrderByDescending(r => r.Time).ThenByDescending(r => r.RowId).Take((int)rows).ToHashSet()
            : null;
        bool IsOld(Row row) => row.Time is { } time && time < _now && ((policy.MaxAge is { } age && time < _now - age) || newest?.Contains(row) == false);
        return [.. _tables[table].Where(r => !IsOld(r) || pinned(r))];
    }

    private static List<string> Ids(IEnumerable<Row> rows) => [.. rows.Select(r => r.Id).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?$")]
    private static partial Regex Shape();

    private sealed record Row(long RowId, string Id, DateTimeOffset? Time, string? Source, string? EventId, string? RawLogId)
    {
        public static Row Of(object?[] values) => new(
            (long)values[0]!, Convert.ToString(values[1], CultureInfo.InvariantCulture)!, RetentionOracle.Time(values[2]), (string?)values[3], (string?)values[4], (string?)values[5]);
    }
}
