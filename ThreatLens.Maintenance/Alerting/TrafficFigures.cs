using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Statistics.Sampling;
using static ThreatLens.Maintenance.Alerting.AlertInstruments;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>What comes in and goes out: metrics, events, notifications. Reads no database: counters and samples only.</summary>
internal sealed class TrafficFigures(IngestStatistics ingest, StatisticsSamples samples) : IAlertFigureSource
{
    private const string Channel = "threatlens.notification.channel";
    private const string Sample = "threatlens.sample";

    // Channels are others' text: a backend is not to be flooded with them.
    private const int MaxChannels = 50;

    public IEnumerable<AlertFigure> Read(DateTimeOffset now)
    {
        var snapshot = ingest.Snapshot();
        yield return new(IngestRate, snapshot.RowsPerSecond);
        if (snapshot.LastCommitAt is { } committed)
            yield return new(IngestSilence, Age(now, committed));
        foreach (var figure in Events(now).Concat(Notifications(now)))
            yield return figure;
        if (samples.Size is { } size)
            yield return AlertFigure.Tagged(SampleAge, Age(now, size.Size.MeasuredAt), Sample, "sizes");
    }

    private IEnumerable<AlertFigure> Events(DateTimeOffset now)
    {
        if (samples.Processing is not { } sample)
            yield break;
        yield return new(AlertInstruments.Events, sample.Totals.Events);
        if (sample.Totals.PendingNotifications is { } pending)
            yield return new(EventsPending, pending);
        yield return new(EventsRate, sample.Window.RealtimeProcessedPerHour);
        if (sample.Window.P95ProcessingSeconds is { } p95)
            yield return new(EventsDuration, p95);
        yield return AlertFigure.Tagged(SampleAge, Age(now, sample.Window.Origin.At), Sample, "events");
    }

    private IEnumerable<AlertFigure> Notifications(DateTimeOffset now)
    {
        if (samples.Notifications is not { } sample)
            yield break;
        foreach (var (channel, counts) in sample.Window.By(g => g.Channel).Take(MaxChannels))
        {
            yield return AlertFigure.Tagged(NotificationsFailed, counts.Failed, Channel, channel);
            if (counts.SuccessRate is { } rate)
                yield return AlertFigure.Tagged(NotificationSuccess, rate, Channel, channel);
        }

        foreach (var (channel, counts) in sample.All.By(g => g.Channel).Take(MaxChannels))
            yield return AlertFigure.Tagged(NotificationsPending, counts.Pending, Channel, channel);
        yield return AlertFigure.Tagged(SampleAge, Age(now, sample.Window.Origin.At), Sample, "notifications");
    }

    // A clock that was set back makes no negative ages.
    private static double Age(DateTimeOffset now, DateTimeOffset at) => Math.Max(0, (now - at).TotalSeconds);
}
