using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>
/// Reads metrics back, a page at a time, each page from one snapshot on a connection of its own. Summaries come from the rollups, and from the
/// rows themselves where the rollups do not hold them (yet). Thread-safe.
/// </summary>
public sealed class MetricReader(SqliteDatabase database)
{
    // With names and metadata that is well below the 4 MiB that gRPC clients take by default.
    private const int MaxPageCharacters = 1_000_000;

    /// <summary>Reads a page.</summary>
    /// <param name="query">Which metrics.</param>
    /// <param name="size">Most entries, 1 or more. Pages of large values have fewer: at most a million characters, but at least one entry.</param>
    /// <param name="after"><see cref="MetricPage.Next"/> of the page before; null: the first.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    /// <exception cref="MaintenanceException">SCHEMA_NOT_READY, INVALID_ARGUMENT (the position), or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public MetricPage Read(MetricQuery query, int size, string? after, CancellationToken cancellationToken = default) => SqliteSession.Read(
        database,
        "reading metrics",
        session =>
        {
            LogSourceStore.RequireTable(session, "processing_metrics");
            if (query.From >= query.To)
                return new MetricPage([], null);
            return query.Resolution == MetricResolution.Raw
                ? ReadRows(new RawMetrics(session, query, onlyPending: false), size, after, cancellationToken)
                : ReadSummaries(session, query, size, after, cancellationToken);
        },
        cancellationToken);

    private static MetricPage ReadRows(RawMetrics rows, int size, string? after, CancellationToken cancellationToken)
    {
        var position = after is null ? rows.Begin() : RawPosition.Parse(after);
        var entries = new List<MetricEntry>();
        var characters = 0L;
        foreach (var row in rows.After(position))
        {
            cancellationToken.ThrowIfCancellationRequested();
            characters += row.SourceName.Length + row.MetricType.Length + row.Value.Length + (row.Metadata?.Length ?? 0);
            if (entries.Count == size || (entries.Count > 0 && characters > MaxPageCharacters))
                return new MetricPage(entries, position.Write());
            entries.Add(row.ToEntry());
            position = position.After(row);
        }

        return new MetricPage(entries, null);
    }

    private static MetricPage ReadSummaries(SqliteSession session, MetricQuery query, int size, string? after, CancellationToken cancellationToken)
    {
        var position = after is null ? (RollupKey?)null : SummaryPosition.Parse(after);
        // One more than the page: whether there is another page is known without another query.
        var page = new SummaryPage(size + 1, query.StepMinutes, position);
        var pending = PendingMetrics.Read(session);
        AddRows(page, pending, session, query, position, cancellationToken);
        if (pending.AreRollupsUsable)
            AddRollups(page, session, query, position, cancellationToken);
        var summaries = page.InOrder.ToList();
        return new MetricPage(
            [.. summaries.Take(size).Select(s => ToEntry(s.Key, s.Value))],
            summaries.Count > size ? SummaryPosition.Write(summaries[size - 1].Key) : null);
    }

    private static void AddRows(SummaryPage page, PendingMetrics pending, SqliteSession session, MetricQuery query, RollupKey? position, CancellationToken cancellationToken)
    {
        if (pending.Span == 0)
            return;
        var inWindow = new RawMetrics(session, query, onlyPending: pending.AreRollupsUsable);
        var begin = inWindow.Begin();
        if (position is { } key)
            begin = begin with { At = Math.Max(begin.At, key.Minute * MetricTime.MicrosecondsPerMinute) };
        foreach (var row in pending.AreFew ? PendingMetrics.ById(session, query) : inWindow.After(begin))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var minute = MetricTime.MinuteOf(row.At);
            if (page.Wants(minute))
                page.Add(minute, row.SourceName, row.MetricType, Rollup.Of(Measure.Of(row.Value), row.At, row.Id));
            else if (!pending.AreFew)
                return;
        }
    }

    private static void AddRollups(SummaryPage page, SqliteSession session, MetricQuery query, RollupKey? position, CancellationToken cancellationToken)
    {
        foreach (var (key, rollup) in StoredRollups.Read(session, query, position))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!page.Wants(key.Minute))
                return;
            page.Add(key.Minute, key.SourceName, key.MetricType, rollup);
        }
    }

    private static MetricEntry ToEntry(in RollupKey key, in Rollup rollup) => new()
    {
        SourceName = key.SourceName,
        MetricType = key.MetricType,
        Time = MetricTime.ToMoment(key.Minute * MetricTime.MicrosecondsPerMinute),
        Summary = new MetricSummary(rollup.Count, rollup.NonNumericCount, rollup.Sum, rollup.Min, rollup.Max, rollup.Last),
    };
}
