using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Whether metrics come in.</summary>
internal sealed class IngestSection(IngestStatistics statistics, MigrationEngine migrations, IOptions<HealthOptions> options, TimeProvider time) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Ingest;

    public HealthSection Look()
    {
        var s = statistics.Snapshot();
        var now = time.GetUtcNow();
        var silence = now - s.LastCommitAt;
        List<HealthFinding> findings = [];
        if (!migrations.GetStatus().CanTakeMetrics)
            findings.Add(new("ingest.schema_not_ready", HealthStatus.Critical, "There is no table for metrics.", "Migrate to 001_add_realtime_tables or later.", "threatlens migrate"));
        else if (silence > options.Value.IngestSilence)
            findings.Add(new("ingest.silent", HealthStatus.Warning, $"No metric was stored for {silence.Value.TotalSeconds:0} s.", "Look whether the ingest services run."));

        var status = findings.Count > 0 ? findings.Max(f => f.Severity) : s.LastCommitAt is null ? HealthStatus.Unknown : HealthStatus.Ok;
        var lately = s.Sources.Count(source => now - source.LastStoredAt <= TimeSpan.FromMinutes(1));
        return new HealthSection(Kind, status, Summary(s, lately, findings))
        {
            Figures =
            [
                new("rows_per_second", s.RowsPerSecond, "rows/s"),
                new("rows_stored", (double)s.Rows, "rows"),
                new("batches", (double)s.Batches, "batches"),
                new("duplicates", (double)s.Duplicates, "batches"),
                new("rejections", (double)s.Rejections, "entries"),
                new("queued_batches", (double)s.QueuedBatches, "batches"),
                new("queued_bytes", (double)s.QueuedBytes, "bytes"),
                new("commit_latency_p50", s.LatencyP50Milliseconds, "ms"),
                new("commit_latency_p99", s.LatencyP99Milliseconds, "ms"),
                new("last_commit", s.LastCommitAt),
                .. s.Sources.Select(source => new HealthFigure("rows_stored", (double)source.Rows, "rows", source.SourceName) { SampledAt = source.LastStoredAt }),
            ],
            Findings = findings,
            SampledAt = now,
        };
    }

    private static string Summary(IngestSnapshot s, int sources, List<HealthFinding> findings) =>
        findings.Count > 0 ? findings[0].Evidence
        : s.LastCommitAt is null ? "No metric has come in since the service started."
        : $"{s.RowsPerSecond:0.0} rows/s from {sources} sources over the last minute.";
}
