using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>What the log sources' watchers say of them.</summary>
internal sealed class LogSourcesSection(LogSourceStore store, SqliteDatabase database, IOptions<HealthOptions> options, TimeProvider time) : IHealthSectionSource
{
    private const int MaxListed = 1_000;

    public HealthSectionKind Kind => HealthSectionKind.LogSources;

    public HealthSection Look()
    {
        if (!database.FileExists)
            return new HealthSection(Kind, HealthStatus.Unknown, "The database does not exist yet.");
        var sources = store.List(MaxListed, null, null);
        var failing = sources.Where(s => s.IsEnabled && s.Status == LogSourceStatus.Error).ToList();
        // A stored "active" is what its watcher said last; a watcher that died could not take it back.
        var now = time.GetUtcNow();
        var stale = sources.Where(s => s.IsEnabled && IsUnwatched(s, now)).ToList();
        var status = failing.Count + stale.Count > 0 ? HealthStatus.Warning : sources.Count == 0 ? HealthStatus.Unknown : HealthStatus.Ok;
        return new HealthSection(Kind, status, Summary(sources, failing.Count, stale.Count))
        {
            Figures =
            [
                new("sources", (double)sources.Count, "sources"),
                new("active", (double)sources.Count(s => s.Status == LogSourceStatus.Active), "sources"),
                new("disabled", (double)sources.Count(s => !s.IsEnabled), "sources"),
                .. sources.SelectMany(s => (HealthFigure[])
                [
                    new("status", s.IsEnabled ? s.Status : $"{s.Status} (disabled)", "", s.SourceName),
                    new("last_offset", (double)s.LastOffset, "bytes", s.SourceName),
                    new("file_size", (double)s.FileSize, "bytes", s.SourceName),
                    new("last_monitored", s.LastMonitoredAt, "", s.SourceName),
                ]),
            ],
            Findings =
            [
                .. failing.Select(s => new HealthFinding("log_sources.error", HealthStatus.Warning, $"{s.Path}: {s.ErrorMessage}", "Make the file readable, or switch the source off.", $"threatlens log-source disable {s.SourceName}", s.SourceName)),
                .. stale.Select(s => new HealthFinding("log_sources.unwatched", HealthStatus.Warning, $"{s.Path} is enabled and nobody watches it; last watched: {(s.LastMonitoredAt is { } at ? $"{at:yyyy-MM-dd HH:mm:ss} UTC" : "never")}.", "Look whether its ingest service runs, or switch the source off.", "", s.SourceName)),
            ],
            SampledAt = now,
        };
    }

    private bool IsUnwatched(LogSource source, DateTimeOffset now) => source.Status switch
    {
        LogSourceStatus.Error or LogSourceStatus.Paused => false,
        LogSourceStatus.Active => !(now - source.LastMonitoredAt <= options.Value.IngestSilence),
        _ => true,
    };

    private static string Summary(IReadOnlyList<LogSource> sources, int failing, int stale) =>
        sources.Count == 0 ? "No log source is known yet."
        : failing > 0 ? $"{failing} of {sources.Count} sources cannot be read."
        : stale > 0 ? $"{stale} of {sources.Count} sources are enabled, and nobody watches them."
        : $"{sources.Count(s => s.Status == LogSourceStatus.Active)} of {sources.Count} sources are active.";
}
