using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>
/// How regularly metrics of each source come in, from the sums per minute of the last day: pauses between minutes with metrics. What is normal for a
/// source is the pause that 99 of 100 of its own do not exceed, so that one outage does not become normal. Of a source that falls silent the rhythm of before is
/// remembered, also by the next process. For sources that no sum tells of, the metrics themselves are looked at.
/// </summary>
internal sealed class SourceRhythms(SqliteDatabase database, SourceRhythmStore store, IOptions<HealthOptions> options, IOptions<IngestOptions> ingest, TimeProvider time, ILogger<SourceRhythms> logger)
    : BackgroundSample<HeardSources>(database, time)
{
    private const int WindowMinutes = 24 * 60;

    // A day of sums tells the rhythm anew after a restart: what is stored need not follow every minute.
    private static readonly TimeSpan StoredBehind = TimeSpan.FromHours(1);

    private readonly SqliteDatabase _database = database;
    private Dictionary<string, SourceRhythm> _known = [];
    private Dictionary<string, SourceRhythm>? _stored;

    // A day of many sources is read, of which a minute is new.
    public override TimeSpan Interval => options.Value.MaxCountAge * 5;

    public override bool ChangesWithOperations => false;

    protected override HeardSources Look(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var seen = new Dictionary<string, (long Last, Dictionary<long, int> Lengths)>(StringComparer.Ordinal);
        SqliteSession.Read(_database, "reading how regularly metrics come in", session =>
        {
            _stored ??= SourceRhythmStore.Read(session);
            if (!session.HasTable("maintenance_metric_rollups"))
                return false;
            // In the order of the key. What has a time to come says nothing of the present.
            var minute = now.ToUnixTimeSeconds() / 60;
            const string Sql = "SELECT minute, source_name FROM maintenance_metric_rollups WHERE minute > $from AND minute <= $to";
            foreach (var (at, source) in session.Stream(Sql, row => (row.GetInt64(0), row.GetString(1)), ("$from", minute - WindowMinutes), ("$to", minute)))
                Add(seen, source, at);
            return true;
        }, cancellationToken);
        _known = Remember(seen, now);
        var never = LookUp(now, cancellationToken);
        Store(cancellationToken);
        return new HeardSources(_known, never);
    }

    /// <summary>
    /// Where nothing is summed up, or not yet, the last metric of each source is looked up; where its rhythm is known, only that it came later.
    /// </summary>
    /// <returns>Sources that have none.</returns>
    private HashSet<string> LookUp(DateTimeOffset now, CancellationToken cancellationToken) => SqliteSession.Read(_database, "looking for the last metrics of sources", session =>
    {
        var never = new HashSet<string>(StringComparer.Ordinal);
        if (LastMetrics.TryOpen(session) is not { } last)
            return never;
        foreach (var source in last.Enabled().Where(s => !ingest.Value.Rollups || !_known.ContainsKey(s)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!last.Has(source, out var at))
                never.Add(source);
            else if (at is { } heard && heard <= now && !(_known.GetValueOrDefault(source)?.LastMinute > heard))
                _known[source] = SourceRhythm.Of(heard.ToUnixTimeSeconds() / 60, []) is var fresh && _known.TryGetValue(source, out var older) ? older.Then(fresh) : fresh;
        }

        return never;
    }, cancellationToken);

    private static void Add(Dictionary<string, (long Last, Dictionary<long, int> Lengths)> seen, string source, long minute)
    {
        if (!seen.TryGetValue(source, out var known))
        {
            seen[source] = (minute, []);
        }
        else if (known.Last != minute)
        {
            known.Lengths[minute - known.Last] = known.Lengths.GetValueOrDefault(minute - known.Last) + 1;
            seen[source] = (minute, known.Lengths);
        }
    }

    /// <summary>
    /// What was known, and what is new: while a source is silent its pauses leave the window one by one, and what was known stays. What is of a time to come was
    /// written by a wrong clock.
    /// </summary>
    private Dictionary<string, SourceRhythm> Remember(Dictionary<string, (long Last, Dictionary<long, int> Lengths)> seen, DateTimeOffset now)
    {
        var known = new Dictionary<string, SourceRhythm>(StringComparer.Ordinal);
        foreach (var (source, rhythm) in (_stored ?? []).Concat(_known).Where(k => k.Value.LastMinute <= now))
            known[source] = rhythm;
        foreach (var (source, (last, lengths)) in seen)
        {
            var fresh = SourceRhythm.Of(last, lengths);
            if (!known.TryGetValue(source, out var older))
                known[source] = fresh;
            else if (fresh.LastMinute > older.LastMinute)
                known[source] = older.Then(fresh);
        }

        return known.Count <= SourceRhythmStore.MaxSources ? known
            : known.OrderByDescending(k => k.Value.LastMinute).Take(SourceRhythmStore.MaxSources).ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>Stores what the next process could not tell from the last day.</summary>
    private void Store(CancellationToken cancellationToken)
    {
        if (_stored is not { } stored)
            return;
        var changed = _known.Where(k => !stored.TryGetValue(k.Key, out var old) || old.LongPause != k.Value.LongPause || k.Value.LastMinute - old.LastMinute >= StoredBehind || k.Value.LastMinute < old.LastMinute).ToList();
        try
        {
            if (changed.Count > 0 && store.Save(changed, cancellationToken))
                _stored = new(_known, StringComparer.Ordinal);
        }
        catch (MaintenanceException e)
        {
            // It is tried again with the next look; this process knows it meanwhile.
            Log.RhythmsNotStored(logger, e, e.Reason);
        }
    }
}
