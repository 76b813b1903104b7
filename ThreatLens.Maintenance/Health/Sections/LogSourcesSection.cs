using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>What the log sources' watchers say of them.</summary>
internal sealed class LogSourcesSection(LogSourceStore store, SqliteDatabase database, TimeProvider time) : IHealthSectionSource
{
    private const int MaxListed = 1_000;

    public HealthSectionKind Kind => HealthSectionKind.LogSources;

    public HealthSection Look()
    {
        if (!database.FileExists)
            return new HealthSection(Kind, HealthStatus.Unknown, "The database does not exist yet.");
        var sources = store.List(MaxListed, null, null);
        var failing = sources.Where(s => s.IsEnabled && s.Status == LogSourceStatus.Error).ToList();
        return new HealthSection(Kind, failing.Count > 0 ? HealthStatus.Warning : sources.Count == 0 ? HealthStatus.Unknown : HealthStatus.Ok, Summary(sources, failing.Count))
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
            Findings = [.. failing.Select(s => new HealthFinding("log_sources.error", HealthStatus.Warning, $"{s.Path}: {s.ErrorMessage}", "Make the file readable, or switch the source off.", $"threatlens log-source disable {s.SourceName}", s.SourceName))],
            SampledAt = time.GetUtcNow(),
        };
    }

    private static string Summary(IReadOnlyList<LogSource> sources, int failing) =>
        sources.Count == 0 ? "No log source is known yet."
        : failing > 0 ? $"{failing} of {sources.Count} sources cannot be read."
        : $"{sources.Count(s => s.Status == LogSourceStatus.Active)} of {sources.Count} sources are active.";
}
