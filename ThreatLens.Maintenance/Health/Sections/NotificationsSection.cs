using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Statistics.Notifications;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>How notifications went. Others write them: all is sampled. No notification at all is no failure.</summary>
internal sealed class NotificationsSection(StatisticsSamples samples, IOptions<StatisticsOptions> statistics, IOptions<HealthOptions> options) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Notifications;

    public bool ReadsDatabase => false;

    public HealthSection Look(HealthLook look)
    {
        if (look.IsMissing)
            return HealthLook.Missing(Kind);
        if (samples.Notifications is not { } sample)
            return HealthLook.Unknown(Kind, "Notifications have not been looked at yet, or there is no table of them.");
        var (all, window) = (sample.All, sample.Window);
        var name = SampleAge.Window((window.To - window.From) ?? TimeSpan.Zero);
        return look.Section(
            Kind, Summary(window.Total, name),
            [
                .. Figures(all.Total, "", all.Origin),
                .. Figures(window.Total, name, window.Origin),
                .. window.By(g => g.Channel).SelectMany(c => Figures(c.Value, $"{name}, channel {c.Key}", window.Origin)),
                .. window.By(g => g.Type).SelectMany(t => Figures(t.Value, $"{name}, type {t.Key}", window.Origin)),
                HealthFigure.Count("undated", window.Undated, "notifications").From(window.Origin),
            ],
            [.. Failing(window.Total, name)],
            SampleAge.StatusOf(look.Now - window.Origin.At, sample.Cost, statistics.Value.SampleInterval))
        with
        {
            SampledAt = window.Origin.At,
        };
    }

    private IEnumerable<HealthFinding> Failing(NotificationCounts counts, string window) => HealthRules.NotificationsFailing.Below(
        counts.SuccessRate, options.Value.NotificationSuccessWarning, options.Value.NotificationSuccessCritical,
        () => FormattableString.Invariant($"{counts.SuccessRate:P1} of {counts.Sent + counts.Failed} notifications ({window}) were sent, {counts.Failed} failed."));

    private static IEnumerable<HealthFigure> Figures(NotificationCounts counts, string subject, Origin origin) =>
    [
        HealthFigure.Count("sent", counts.Sent, "notifications", subject).From(origin),
        HealthFigure.Count("failed", counts.Failed, "notifications", subject).From(origin),
        HealthFigure.Count("pending", counts.Pending, "notifications", subject).From(origin),
        HealthFigure.Count("other", counts.Other, "notifications", subject).From(origin),
        // A text where there is nothing to divide by: unknown would mean that nobody looked.
        (counts.SuccessRate is { } rate ? new HealthFigure("success_rate", rate, "", subject) : new HealthFigure("success_rate", "no data", "", subject)).From(origin),
    ];

    private static string Summary(NotificationCounts counts, string window) => counts.SuccessRate is { } rate
        ? FormattableString.Invariant($"{counts.Sent} sent, {counts.Failed} failed, {counts.Pending} pending ({window}): {rate:P1} were sent.")
        : FormattableString.Invariant($"None was sent and none failed, {counts.Pending} are pending ({window}): no data.");
}
