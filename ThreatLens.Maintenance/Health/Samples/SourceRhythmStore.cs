using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>
/// The rhythms that outlast a process, in <c>maintenance_source_rhythms</c> on the service's own track: a source that fell silent has no pauses in the last day
/// to tell its rhythm from. Thread-safe: every call is a transaction of its own.
/// </summary>
internal sealed class SourceRhythmStore(SqliteDatabase database)
{
    /// <summary>Most sources that are remembered: those heard of last.</summary>
    public const int MaxSources = 10_000;

    private const string Table = "maintenance_source_rhythms";

    // Whoever writes for minutes is not waited for: what was seen stays in memory, and is stored next time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>What is on record by source; null: there is no table for it yet.</summary>
    public static Dictionary<string, SourceRhythm>? Read(SqliteSession session) => session.HasTable(Table)
        ? session.Query($"SELECT source_name, last_minute, normal_pause, pauses FROM {Table}", row => (
                Source: row.GetString(0),
                Rhythm: new SourceRhythm(DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(1) * 60), row.IsDBNull(2) ? null : TimeSpan.FromMinutes(row.GetInt64(2)), row.GetInt32(3))))
            .ToDictionary(r => r.Source, r => r.Rhythm, StringComparer.Ordinal)
        : null;

    /// <summary>Stores rhythms, and removes the oldest beyond <see cref="MaxSources"/>.</summary>
    /// <returns>False: somebody else was writing.</returns>
    /// <exception cref="MaintenanceException">The database cannot be written.</exception>
    public bool Save(IReadOnlyCollection<KeyValuePair<string, SourceRhythm>> rhythms, CancellationToken cancellationToken)
    {
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        impatient.CancelAfter(Patience);
        try
        {
            SqliteSession.Write(database, "storing how regularly metrics come in", session =>
            {
                foreach (var (source, rhythm) in rhythms)
                {
                    session.Execute(
                        $"INSERT OR REPLACE INTO {Table}(source_name, last_minute, normal_pause, pauses) VALUES ($source, $last, $pause, $pauses)",
                        ("$source", source), ("$last", rhythm.LastMinute.ToUnixTimeSeconds() / 60), ("$pause", rhythm.LongPause?.Ticks / TimeSpan.TicksPerMinute), ("$pauses", rhythm.Pauses));
                }

                return session.Execute($"DELETE FROM {Table} WHERE source_name IN (SELECT source_name FROM {Table} ORDER BY last_minute DESC, source_name LIMIT -1 OFFSET {MaxSources})");
            }, impatient.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
