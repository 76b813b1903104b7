using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>Which rows the rollups do not hold, as a reader sees it in its snapshot.</summary>
/// <param name="AreRollupsUsable">Whether there are rollups, and of this table.</param>
/// <param name="Span">Ids that may belong to rows which the rollups do not hold; 0: they hold all.</param>
internal sealed record PendingMetrics(bool AreRollupsUsable, double Span)
{
    /// <summary>Whether a row is pending; for rows of processing_metrics called m.</summary>
    public const string Condition = "m.id <= (SELECT p.last_id FROM maintenance_rollup_pending p WHERE p.first_id <= m.id ORDER BY p.first_id DESC LIMIT 1)";

    /// <summary>So few are read by their ids, whatever their time; more are looked for in the window.</summary>
    private const double FewIds = 20_000;

    private const string SpanSql =
        """
        SELECT coalesce(sum(max(0.0, 1.0 + (min(last_id, $top) - max(first_id, $bottom)))), 0.0) FROM maintenance_rollup_pending
        WHERE first_id <= $top AND last_id >= $bottom
        """;

    public bool AreFew => AreRollupsUsable && Span <= FewIds;

    public static PendingMetrics Read(SqliteSession session)
    {
        var none = new PendingMetrics(false, double.PositiveInfinity);
        if (!session.HasTable("maintenance_rollup_pending"))
            return none;
        var top = session.Query(RollupLedger.TopId(session.HasTable("sqlite_sequence")), row => row.GetInt64(0))[0];
        // Of ids that begin anew nothing is known until they are looked at: see RollupLedger.
        if (session.Query("SELECT max(first_id) FROM maintenance_rollup_pending WHERE last_id = $last", row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), ("$last", RollupLedger.LastId))
            is not [{ } toCome] || (toCome > long.MinValue && toCome - 1 > top))
            return none;
        var ids = session.Query("SELECT (SELECT min(id) FROM processing_metrics), (SELECT max(id) FROM processing_metrics)", row => row.IsDBNull(0) ? ((long, long)?)null : (row.GetInt64(0), row.GetInt64(1)))[0];
        return ids is not var (bottom, highest)
            ? new PendingMetrics(true, 0)
            : new PendingMetrics(true, session.Query(SpanSql, row => row.GetDouble(0), ("$top", highest), ("$bottom", bottom))[0]);
    }

    /// <summary>Few pending rows, in no order.</summary>
    public static IEnumerable<RawMetric> ById(SqliteSession session, MetricQuery query)
    {
        var (from, to) = (MetricTime.Of(query.Window.From), MetricTime.Of(query.Window.To));
        var rows = session.Stream(
            $"SELECT {RawMetric.Columns} FROM maintenance_rollup_pending p CROSS JOIN processing_metrics m ON m.id BETWEEN p.first_id AND p.last_id", RawMetric.Read);
        return rows.OfType<RawMetric>().Where(row => row.At >= from && row.At < to
            && (query.SourceName is null || row.SourceName == query.SourceName) && (query.MetricType is null || row.MetricType == query.MetricType));
    }
}
