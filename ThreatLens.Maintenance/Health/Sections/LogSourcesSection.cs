using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>What the log sources' watchers say of them, and whether metrics come in as regularly as they used to.</summary>
internal sealed class LogSourcesSection(SourceRhythms rhythms, IngestStatistics statistics, IOptions<HealthOptions> options) : IHealthSectionSource
{
    private const int MaxListed = 1_000;

    public HealthSectionKind Kind => HealthSectionKind.LogSources;

    public HealthSection Look(HealthLook look)
    {
        if (look.Session is not { } session)
            return HealthLook.Unknown(Kind, "The database does not exist yet.");
        var sources = LogSourceStore.List(session, MaxListed, null, null);
        var heard = statistics.Snapshot().Sources.ToDictionary(s => s.SourceName, s => s.LastStoredAt, StringComparer.Ordinal);
        var seen = sources.Select(s => new SeenSource(s, Silence(s, heard, look.Now))).ToList();
        List<HealthFinding> findings = [.. seen.SelectMany(s => Findings(s, look.Now))];
        return look.Section(
            Kind, Summary(sources, findings),
            [
                HealthFigure.Count("sources", sources.Count, "sources"),
                HealthFigure.Count("active", sources.Count(s => s.Status == LogSourceStatus.Active), "sources"),
                HealthFigure.Count("error", sources.Count(s => s.Status == LogSourceStatus.Error), "sources"),
                HealthFigure.Count("disabled", sources.Count(s => !s.IsEnabled), "sources"),
                HealthFigure.Count("silent", findings.Count(f => f.Id == HealthRules.SourceSilent.Id), "sources"),
                .. seen.SelectMany(Figures),
            ],
            findings,
            sources.Count == 0 ? HealthStatus.Unknown : HealthStatus.Ok);
    }

    /// <summary>
    /// Whose metrics come in through this process is known to the moment; of those that others write, only what the sample saw when it was taken. The
    /// sums are per minute of the metrics' own time, so the minute of the last one counts as a whole.
    /// </summary>
    private Silence Silence(LogSource source, Dictionary<string, DateTimeOffset> heard, DateTimeOffset now)
    {
        var sample = rhythms.Last;
        var rhythm = sample?.Value.GetValueOrDefault(source.SourceName);
        DateTimeOffset? summed = rhythm?.LastMinute.AddMinutes(1) is { } end ? end < sample!.At ? end : sample.At : null;
        if (!heard.TryGetValue(source.SourceName, out var stored))
            return new Silence(summed, sample?.At - summed, rhythm?.NormalPause, sample?.At);
        var last = summed > stored ? summed.Value : stored;
        return new Silence(last, now - last, rhythm?.NormalPause, sample?.At);
    }

    private IEnumerable<HealthFinding> Findings(SeenSource seen, DateTimeOffset now)
    {
        var (s, silence) = seen;
        var disable = $"threatlens log-source disable {CommandWord.Argument(s.SourceName)}";
        if (!s.IsEnabled)
            yield break;
        if (s.Status == LogSourceStatus.Error)
            yield return HealthRules.SourceError.Warn($"{s.Path}: {s.ErrorMessage}", s.SourceName, disable);
        else if (IsUnwatched(s, now))
            yield return HealthRules.SourceUnwatched.Warn($"{s.Path} is enabled and nobody watches it; last watched: {(s.LastMonitoredAt is { } at ? FormattableString.Invariant($"{at:yyyy-MM-dd HH:mm:ss} UTC") : "never")}.", s.SourceName, disable);
        else if (silence.Normal is { } normal && silence.For > normal * options.Value.SourceSilence && silence.For > options.Value.IngestSilence)
            yield return HealthRules.SourceSilent.Warn(FormattableString.Invariant($"{s.Path}: no metric for {silence.For.Value.TotalMinutes:0.#} min; normally there is one every {normal.TotalMinutes:0} min."), s.SourceName, disable);
    }

    // A stored "active" is what its watcher said last; a watcher that died could not take it back.
    private bool IsUnwatched(LogSource source, DateTimeOffset now) => source.Status switch
    {
        LogSourceStatus.Error or LogSourceStatus.Paused => false,
        LogSourceStatus.Active => !(now - source.LastMonitoredAt <= options.Value.IngestSilence),
        _ => true,
    };

    private static IEnumerable<HealthFigure> Figures(SeenSource seen)
    {
        var (s, silence) = seen;
        yield return new HealthFigure("status", s.IsEnabled ? s.Status : $"{s.Status} (disabled)", "", s.SourceName);
        yield return HealthFigure.Count("last_offset", s.LastOffset, "bytes", s.SourceName);
        yield return HealthFigure.Count("file_size", s.FileSize, "bytes", s.SourceName);
        yield return new HealthFigure("last_monitored", s.LastMonitoredAt, "", s.SourceName);
        yield return new HealthFigure("last_metric", silence.Last, "", s.SourceName).Kept(silence.SampledAt);
        yield return new HealthFigure("normal_pause", silence.Normal, "", s.SourceName).Kept(silence.SampledAt);
    }

    private static string Summary(IReadOnlyList<LogSource> sources, List<HealthFinding> findings)
    {
        int Count(HealthRule rule) => findings.Count(f => f.Id == rule.Id);
        return sources.Count == 0 ? "No log source is known yet."
            : Count(HealthRules.SourceError) is > 0 and var failing ? $"{failing} of {sources.Count} sources cannot be read."
            : Count(HealthRules.SourceUnwatched) is > 0 and var stale ? $"{stale} of {sources.Count} sources are enabled, and nobody watches them."
            : Count(HealthRules.SourceSilent) is > 0 and var silent ? $"{silent} of {sources.Count} sources are silent for longer than they normally are."
            : $"{sources.Count(s => s.Status == LogSourceStatus.Active)} of {sources.Count} sources are active.";
    }

    private sealed record SeenSource(LogSource Source, Silence Silence);
}

/// <summary>Since when no metric of a source has come in.</summary>
/// <param name="Last">The last one, UTC; null: none within a day.</param>
/// <param name="For">How long ago, as far as is known; null: as above.</param>
/// <param name="Normal">The normal time between minutes with metrics; null: not known.</param>
/// <param name="SampledAt">When that was looked up, UTC.</param>
internal sealed record Silence(DateTimeOffset? Last, TimeSpan? For, TimeSpan? Normal, DateTimeOffset? SampledAt);
