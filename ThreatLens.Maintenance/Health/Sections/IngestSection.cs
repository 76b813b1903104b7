using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Whether metrics come in.</summary>
internal sealed class IngestSection(IngestStatistics statistics, IngestWriter writer, MigrationCatalog catalog, IOptions<HealthOptions> options, IOptions<IngestOptions> ingest) : IHealthSectionSource
{
    private const int Hour = 60;

    public HealthSectionKind Kind => HealthSectionKind.Ingest;

    public bool ReadsDatabase => false;

    public HealthSection Look(HealthLook look)
    {
        var s = statistics.Snapshot();
        var schema = look.Connection is { } connection ? SchemaStatusReader.Read(connection, catalog) : null;
        var (rejected, stored) = (statistics.RejectedByMinute.Last(Hour), statistics.StoredByMinute.Last(Hour));
        double? rejectedShare = rejected + stored == 0 ? null : (double)rejected / (rejected + stored);
        List<HealthFinding> findings = [.. Availability(s, look, schema), .. Pressure(s, rejectedShare)];
        var lately = s.Sources.Count(source => look.Now - source.LastStoredAt <= TimeSpan.FromMinutes(1));
        return look.Section(
            Kind, Summary(s, lately, findings), [.. Whole(s, rejectedShare), .. s.Sources.SelectMany(Of)], findings,
            s.LastCommitAt is null || look.Unreadable is not null ? HealthStatus.Unknown : HealthStatus.Ok);
    }

    private IEnumerable<HealthFinding> Availability(IngestSnapshot s, HealthLook look, SchemaStatus? schema)
    {
        if (look.Unreadable is { } unreadable)
            yield return HealthLook.Unavailable(unreadable);
        if (look.Unreadable is null && schema?.CanTakeMetrics != true)
            yield return NoTable(schema);
        else if (writer.RecentFailure is { } failure)
            yield return HealthRules.Failing.Fail($"The last metrics could not be stored ({failure.Reason}): {failure.Message}");
        else if (look.Now - s.LastCommitAt is { } silence && silence > options.Value.IngestSilence)
            yield return HealthRules.IngestSilent.Warn(FormattableString.Invariant($"No metric was stored for {silence.TotalSeconds:0} s."));
    }

    /// <summary>Who dropped the table did not undo the migration: that one is not run again.</summary>
    private static HealthFinding NoTable(SchemaStatus? schema)
    {
        var isDropped = schema is { NeedsAdoption: false } && schema.Migrations.Any(m => m.Version.Id == "001_add_realtime_tables" && m.ChecksumMatches == true);
        return HealthRules.SchemaNotReady.Fail("There is no table for metrics.", command: isDropped ? "threatlens repair" : null) with { Rpc = isDropped ? "Repair" : "Migrate" };
    }

    private IEnumerable<HealthFinding> Pressure(IngestSnapshot s, double? rejectedShare)
    {
        var limit = options.Value.IngestLatencyWarning.TotalMilliseconds;
        if (s.LatencyP99Milliseconds > limit)
            yield return HealthRules.IngestSlow.Warn(FormattableString.Invariant($"Of the last batches one in a hundred took {s.LatencyP99Milliseconds:0} ms or more from arrival to commit; {limit:0} ms are allowed."));
        if (s.QueuedBytes > ingest.Value.MaxQueuedBytes * options.Value.IngestQueueWarning)
            yield return HealthRules.QueueFull.Warn($"{StorageSection.Bytes(s.QueuedBytes)} of {StorageSection.Bytes(ingest.Value.MaxQueuedBytes)} wait for the writer.");
        if (rejectedShare > options.Value.RejectedWarning)
            yield return HealthRules.Rejected.Warn(FormattableString.Invariant($"{rejectedShare:P1} of the entries of the last hour were rejected."));
    }

    private IEnumerable<HealthFigure> Whole(IngestSnapshot s, double? rejectedShare) =>
    [
        new HealthFigure("rows_per_second", s.RowsPerSecond, "rows/s").Kept(),
        HealthFigure.Count("rows_stored", s.Rows, "rows").Kept(statistics.Since),
        HealthFigure.Count("batches", s.Batches, "batches").Kept(statistics.Since),
        HealthFigure.Count("duplicates", s.Duplicates, "batches").Kept(statistics.Since),
        HealthFigure.Count("rejections", s.Rejections, "entries").Kept(statistics.Since),
        new HealthFigure("rejected_share_last_hour", rejectedShare).Kept(),
        HealthFigure.Count("queued_batches", s.QueuedBatches, "batches"),
        HealthFigure.Count("queued_bytes", s.QueuedBytes, "bytes"),
        new HealthFigure("commit_latency_p50", s.LatencyP50Milliseconds, "ms").Kept(),
        new HealthFigure("commit_latency_p99", s.LatencyP99Milliseconds, "ms").Kept(),
        new HealthFigure("last_commit", s.LastCommitAt),
    ];

    private IEnumerable<HealthFigure> Of(SourceIngest source) =>
    [
        HealthFigure.Count("rows_stored", source.Rows, "rows", source.SourceName).Kept(statistics.Since),
        HealthFigure.Count("rows_last_minute", source.RowsLastMinute, "rows", source.SourceName).Kept(),
        new HealthFigure("last_stored", source.LastStoredAt, "", source.SourceName),
    ];

    private static string Summary(IngestSnapshot s, int sources, List<HealthFinding> findings) =>
        findings.Count > 0 ? findings[0].Evidence
        : s.LastCommitAt is null ? "No metric has come in since the service started."
        : FormattableString.Invariant($"{s.RowsPerSecond:0.0} rows/s from {sources} sources over the last minute.");
}
