using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>
/// What the log sources' watchers say of them, and whether metrics come in as regularly as they used to. Up to a thousand are read with the report; more were read in
/// the background, and their figures are of the first thousand.
/// </summary>
internal sealed class LogSourcesSection(SourceRhythms rhythms, LogSourceScan scan, IngestStatistics statistics, IOptions<HealthOptions> options) : IHealthSectionSource
{
    private const int MaxFindings = 1_000;

    public HealthSectionKind Kind => HealthSectionKind.LogSources;

    public HealthSection Look(HealthLook look)
    {
        if (look.Session is not { } session)
            return HealthLook.Missing(Kind);
        var sources = LogSourceStore.List(session, LogSourceScan.PageSize + 1, null, null);
        if (sources.Count <= LogSourceScan.PageSize)
            return Tell(look, sources, null);
        return scan.Last is { Value: { } all } last ? Tell(look, all, last) : HealthLook.Unknown(Kind, $"There are more than {LogSourceScan.PageSize} sources, and they have not all been looked at yet.");
    }

    /// <param name="look">The report.</param>
    /// <param name="sources">All of them.</param>
    /// <param name="sample">Where they come from; null: they were read just now.</param>
    private HealthSection Tell(HealthLook look, IReadOnlyList<LogSource> sources, Sampled<IReadOnlyList<LogSource>?>? sample)
    {
        // Watchers are judged as of when they were looked at.
        var at = sample?.At ?? look.Now;
        var heard = statistics.Snapshot().Sources.ToDictionary(s => s.SourceName, s => s.LastStoredAt, StringComparer.Ordinal);
        var seen = sources.Select(s => new SeenSource(s, Silence(s, heard, look.Now))).ToList();
        List<HealthFinding> findings = [.. seen.SelectMany(s => Findings(s, at))];
        HealthFigure Count(string name, int count) => HealthFigure.Count(name, count, "sources") is var figure && sample is null ? figure : figure.At(at);
        var isLooked = IsFresh(look.Now, rhythms.Last, rhythms.Interval) && (sample is null || IsFresh(look.Now, sample, scan.Interval));
        return look.Section(
            Kind, isLooked || findings.Count > 0 ? Summary(sources, findings) : "How regularly metrics come in has not been looked at lately.",
            [
                Count("sources", sources.Count),
                Count("active", sources.Count(s => s.Status == LogSourceStatus.Active)),
                Count("error", sources.Count(s => s.Status == LogSourceStatus.Error)),
                Count("disabled", sources.Count(s => !s.IsEnabled)),
                Count("silent", findings.Count(f => f.Id == HealthRules.SourceSilent.Id)),
                .. seen.Take(LogSourceScan.PageSize).SelectMany(Figures),
            ],
            findings.Count <= MaxFindings ? findings : findings[..MaxFindings],
            sources.Count > 0 && isLooked ? HealthStatus.Ok : HealthStatus.Unknown);
    }

    private static bool IsFresh<T>(DateTimeOffset now, Sampled<T>? sample, TimeSpan interval) => sample is not null && SampleAge.StatusOf(now - sample.At, sample.Took, interval) == HealthStatus.Ok;

    /// <summary>
    /// Whose metrics come in through this process is known to the moment; of those that others write, only what the sample saw when it was taken. The
    /// sums are per minute of the metrics' own time, so the minute of the last one counts as a whole.
    /// </summary>
    private Silence Silence(LogSource source, Dictionary<string, DateTimeOffset> heard, DateTimeOffset now)
    {
        var sample = rhythms.Last;
        var rhythm = sample?.Value.Rhythms.GetValueOrDefault(source.SourceName);
        DateTimeOffset? summed = rhythm?.LastMinute.AddMinutes(1) is { } end ? end < sample!.At ? end : sample.At : null;
        if (!heard.TryGetValue(source.SourceName, out var stored))
            return sample?.Value.Never.Contains(source.SourceName) == true ? Never(source, sample.At) : new Silence(summed, sample?.At - summed, rhythm, sample?.At);
        var last = summed > stored ? summed.Value : stored;
        return new Silence(last, now - last, rhythm, sample?.At);
    }

    /// <summary>Nothing ever came: it is silent since it was registered, or, where that is not known, for as long as this process has listened.</summary>
    private Silence Never(LogSource source, DateTimeOffset at) => new(null, at - (source.CreatedAt ?? statistics.Since), null, at);

    /// <summary>After how long a source counts as silent.</summary>
    private TimeSpan Allowed(Silence silence) => silence.Rhythm?.NormalPause is not { } normal ? options.Value.SourceSilenceWithoutRhythm
        : normal * options.Value.SourceSilence is var times && times > options.Value.IngestSilence ? times : options.Value.IngestSilence;

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
        else if (s.Status != LogSourceStatus.Paused && silence.For > Allowed(silence))
            yield return HealthRules.SourceSilent.Warn($"{s.Path}: {Evidence(silence)}", s.SourceName, disable);
    }

    private string Evidence(Silence silence) => (silence.Last is null
        ? FormattableString.Invariant($"no metric ever came since it was registered, {silence.For!.Value.TotalHours:0.#} h ago; ")
        : FormattableString.Invariant($"no metric for {silence.For!.Value.TotalMinutes:0.#} min; ")) + (silence.Rhythm is { NormalPause: { } normal } rhythm
        ? FormattableString.Invariant($"normally there is one every {normal.TotalMinutes:0} min, by {rhythm.Pauses} pauses.")
        : silence.Last is null ? FormattableString.Invariant($"{options.Value.SourceSilenceWithoutRhythm.TotalHours:0.##} h are allowed.")
        : FormattableString.Invariant($"{silence.Rhythm?.Pauses ?? 0} pauses make no rhythm, and {options.Value.SourceSilenceWithoutRhythm.TotalHours:0.##} h are allowed."));

    // A stored "active" is what its watcher said last; a watcher that died could not take it back.
    private bool IsUnwatched(LogSource source, DateTimeOffset now) => source.Status switch
    {
        LogSourceStatus.Error or LogSourceStatus.Paused => false,
        LogSourceStatus.Active => !(now - source.LastMonitoredAt <= options.Value.IngestSilence),
        _ => true,
    };

    private IEnumerable<HealthFigure> Figures(SeenSource seen)
    {
        var (s, silence) = seen;
        yield return new HealthFigure("status", s.IsEnabled ? s.Status : $"{s.Status} (disabled)", "", s.SourceName);
        yield return HealthFigure.Count("last_offset", s.LastOffset, "bytes", s.SourceName);
        yield return HealthFigure.Count("file_size", s.FileSize, "bytes", s.SourceName);
        yield return new HealthFigure("last_monitored", s.LastMonitoredAt, "", s.SourceName);
        yield return new HealthFigure("last_metric", silence.Last, "", s.SourceName).Kept(silence.SampledAt);
        yield return new HealthFigure("normal_pause", silence.Rhythm?.NormalPause, "", s.SourceName).Kept(silence.SampledAt);
        yield return HealthFigure.Count("pauses", silence.SampledAt is null ? null : silence.Rhythm?.Pauses ?? 0, "pauses", s.SourceName).Kept(silence.SampledAt);
        yield return new HealthFigure("silent_after", Allowed(silence), "", s.SourceName);
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
/// <param name="Last">The last one, UTC; null: none is known.</param>
/// <param name="For">How long ago, as far as is known; null: as above.</param>
/// <param name="Rhythm">How regularly they came in; null: none is known.</param>
/// <param name="SampledAt">When that was looked up, UTC.</param>
internal sealed record Silence(DateTimeOffset? Last, TimeSpan? For, SourceRhythm? Rhythm, DateTimeOffset? SampledAt);
