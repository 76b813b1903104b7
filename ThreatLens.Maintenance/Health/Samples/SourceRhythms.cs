using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>
/// How regularly metrics of each source come in, from the sums per minute of the last day: pauses between minutes with metrics. What is normal for a
/// source is the pause that 99 of 100 of its own do not exceed, so that one outage does not become normal.
/// </summary>
internal sealed class SourceRhythms(SqliteDatabase database, IOptions<HealthOptions> options, TimeProvider time)
    : BackgroundSample<IReadOnlyDictionary<string, SourceRhythm>>(database, time)
{
    private const int WindowMinutes = 24 * 60;
    private const double Normal = 0.99;

    // From fewer pauses nothing is concluded.
    private const int LeastPauses = 3;

    private readonly SqliteDatabase _database = database;

    // A day of many sources is read, of which a minute is new.
    public override TimeSpan Interval => options.Value.MaxCountAge * 5;

    public override bool ChangesWithOperations => false;

    protected override IReadOnlyDictionary<string, SourceRhythm> Look(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var minute = now.ToUnixTimeSeconds() / 60;
        var pauses = new Dictionary<string, (long Last, Dictionary<long, int> Lengths)>(StringComparer.Ordinal);
        SqliteSession.Read(_database, "reading how regularly metrics come in", session =>
        {
            if (!session.HasTable("maintenance_metric_rollups"))
                return false;
            // In the order of the key. What has a time to come says nothing of the present.
            const string Sql = "SELECT minute, source_name FROM maintenance_metric_rollups WHERE minute > $from AND minute <= $to";
            foreach (var (at, source) in session.Stream(Sql, row => (row.GetInt64(0), row.GetString(1)), ("$from", minute - WindowMinutes), ("$to", minute)))
                Add(pauses, source, at);
            return true;
        }, cancellationToken);
        return pauses.ToDictionary(p => p.Key, p => new SourceRhythm(DateTimeOffset.FromUnixTimeSeconds(p.Value.Last * 60), NormalPause(p.Value.Lengths)), StringComparer.Ordinal);
    }

    private static void Add(Dictionary<string, (long Last, Dictionary<long, int> Lengths)> pauses, string source, long minute)
    {
        if (!pauses.TryGetValue(source, out var known))
        {
            pauses[source] = (minute, []);
        }
        else if (known.Last != minute)
        {
            known.Lengths[minute - known.Last] = known.Lengths.GetValueOrDefault(minute - known.Last) + 1;
            pauses[source] = (minute, known.Lengths);
        }
    }

    private static TimeSpan? NormalPause(Dictionary<long, int> lengths)
    {
        var count = lengths.Values.Sum();
        if (count < LeastPauses)
            return null;
        var rank = Math.Ceiling(Normal * count);
        var seen = 0;
        foreach (var (length, times) in lengths.OrderBy(l => l.Key))
        {
            seen += times;
            if (seen >= rank)
                return TimeSpan.FromMinutes(length);
        }

        return null;
    }
}

/// <summary>How regularly metrics of a source come in.</summary>
/// <param name="LastMinute">Beginning of the last minute with one, UTC.</param>
/// <param name="NormalPause">Normal time from one minute with metrics to the next, whole minutes; null: there are too few to tell.</param>
internal sealed record SourceRhythm(DateTimeOffset LastMinute, TimeSpan? NormalPause);
