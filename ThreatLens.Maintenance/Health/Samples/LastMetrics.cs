using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>The last metric of a source, by one look into the index on sources.</summary>
internal sealed class LastMetrics
{
    private readonly SqliteSession _session;
    private readonly string _sql;

    private LastMetrics(SqliteSession session, string index) => (_session, _sql) =
        (session, $"SELECT timestamp FROM processing_metrics INDEXED BY {RowScan.Quoted(index)} WHERE source_name = $source ORDER BY rowid DESC LIMIT 1");

    /// <summary>Null: there are no such tables, or no index on sources alone: without one it would be a walk through all metrics.</summary>
    public static LastMetrics? TryOpen(SqliteSession session) =>
        session.HasTable("log_sources") && session.HasTable("processing_metrics") && Index(session) is { } index ? new LastMetrics(session, index) : null;

    /// <summary>The sources that are to be watched, of those registered last at most <see cref="SourceRhythmStore.MaxSources"/>.</summary>
    public IReadOnlyList<string> Enabled() =>
        _session.Query($"SELECT source_name FROM log_sources WHERE enabled IS NOT 0 ORDER BY rowid DESC LIMIT {SourceRhythmStore.MaxSources}", row => row.GetString(0));

    /// <summary>Whether there is one.</summary>
    /// <param name="source">The source.</param>
    /// <param name="at">Its time, UTC; null: there is none, or its time cannot be read.</param>
    public bool Has(string source, out DateTimeOffset? at)
    {
        var found = _session.Query(_sql, row => row.GetValue(0) as string, ("$source", source));
        at = found is [var text] && SqliteTimestamp.TryParse(text, out var time) ? time : null;
        return found.Count > 0;
    }

    private static string? Index(SqliteSession session) => session.Query(
        """
        SELECT l.name FROM pragma_index_list('processing_metrics') l
        WHERE l.partial = 0 AND (SELECT group_concat(i.name) FROM pragma_index_info(l.name) i) = 'source_name'
        """,
        row => row.GetString(0)).FirstOrDefault();
}
