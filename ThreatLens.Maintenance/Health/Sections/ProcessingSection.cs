using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Statistics.Processing;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Events and their real-time processing. Others write them: all is sampled.</summary>
internal sealed class ProcessingSection(StatisticsSamples samples, IOptions<StatisticsOptions> statistics, IOptions<HealthOptions> options) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Processing;

    public bool ReadsDatabase => false;

    public HealthSection Look(HealthLook look)
    {
        if (look.IsMissing)
            return HealthLook.Missing(Kind);
        if (samples.Processing is not { } sample)
            return HealthLook.Unknown(Kind, "Events have not been looked at yet, or there is no table of them.");
        var (all, window) = (sample.Totals, sample.Window);
        var (age, backlog) = (look.Now - all.Origin.At, all.PendingNotifications > options.Value.PendingNotifications);
        return look.Section(
            Kind,
            FormattableString.Invariant($"{all.Events} events, {all.RealtimeProcessed?.ToString() ?? "an unknown number"} processed in real time, {all.PendingNotifications?.ToString() ?? "an unknown number"} waiting for a notification."),
            [.. Totals(all), .. Window(window)],
            backlog ? [HealthRules.Backlog.Warn(FormattableString.Invariant($"{all.PendingNotifications} events wait for a notification; {options.Value.PendingNotifications} are allowed."))] : [],
            SampleAge.StatusOf(age, sample.Cost, statistics.Value.SampleInterval))
        with
        {
            SampledAt = all.Origin.At,
        };
    }

    private static IEnumerable<HealthFigure> Totals(ProcessingTotals all) =>
    [
        HealthFigure.Count("events", all.Events, "events").From(all.Origin),
        HealthFigure.Count("realtime_processed", all.RealtimeProcessed, "events").From(all.Origin),
        HealthFigure.Count("pending_notifications", all.PendingNotifications, "events").From(all.Origin),
    ];

    private static IEnumerable<HealthFigure> Window(ProcessingStatistics window)
    {
        var name = SampleAge.Window(window.To - window.From);
        yield return new HealthFigure("window", window.To - window.From).From(window.Origin);
        yield return HealthFigure.Count("events", window.Events, "events", name).From(window.Origin);
        yield return HealthFigure.Count("realtime_processed", window.RealtimeProcessed, "events", name).From(window.Origin);
        yield return HealthFigure.Count("pending_notifications", window.PendingNotifications, "events", name).From(window.Origin);
        yield return new HealthFigure("events_per_hour", window.EventsPerHour, "events/h").From(window.Origin);
        yield return new HealthFigure("realtime_processed_per_hour", window.RealtimeProcessedPerHour, "events/h").From(window.Origin);
        yield return HealthFigure.Count("processing_times", window.ProcessingTimes, "events").From(window.Origin);
        yield return HealthFigure.Count("processing_times_missing", window.MissingProcessingTimes, "events").From(window.Origin);
        yield return HealthFigure.Count("processing_times_junk", window.InvalidProcessingTimes, "events").From(window.Origin);
        yield return new HealthFigure("processing_time_mean", window.MeanProcessingSeconds, "s").From(window.Origin);
        var p95 = new HealthFigure("processing_time_p95", window.P95ProcessingSeconds, "s").From(window.Origin);
        yield return window.P95ErrorBound > 0 ? p95.Within(window.P95ErrorBound) : p95;
    }
}
