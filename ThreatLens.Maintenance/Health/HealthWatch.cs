using System.Runtime.CompilerServices;

namespace ThreatLens.Maintenance.Health;

/// <summary>What a subscriber of reports wants.</summary>
/// <param name="Interval">Time between messages, 1 s to 1 h.</param>
/// <param name="Sections">Only these; empty: all.</param>
/// <param name="OnChangeOnly">A report only when its status or findings changed, else a heartbeat.</param>
public sealed record HealthWatch(TimeSpan Interval, IReadOnlyCollection<HealthSectionKind> Sections, bool OnChangeOnly);

/// <summary>A message to a subscriber.</summary>
/// <param name="Report">The report.</param>
/// <param name="IsHeartbeat">Whether there is nothing new to tell.</param>
/// <param name="IsPreliminary">Whether it only says, as a heartbeat, that the first report takes longer: what is known from before, or that nothing is known yet.</param>
public sealed record HealthMessage(HealthReport Report, bool IsHeartbeat, bool IsPreliminary = false);

/// <summary>Reports for subscribers, each at an interval of its own, all from the same computations. Thread-safe.</summary>
public sealed class HealthWatches(SharedReports reports, TimeProvider time)
{
    /// <summary>
    /// What a first message, which has to be there within 100 ms, waits for. Making a report takes milliseconds, also while somebody holds the database; a
    /// machine or a disk that hangs can take longer.
    /// </summary>
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(80);

    /// <summary>Subscribers share a report that is younger than this: less than the shortest interval, so that a new one is due at every tick that is not late.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(900);

    /// <summary>
    /// Messages until the caller has enough. Each is made when the one before has been taken: who takes them slowly gets the newest then, and nothing
    /// of what he missed.
    /// </summary>
    /// <param name="watch">What is wanted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<HealthMessage> WatchAsync(HealthWatch watch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(watch.Interval, time);
        var coming = reports.GetAsync(TimeSpan.Zero);
        var first = await SoonAsync(coming, cancellationToken).ConfigureAwait(false);
        if (first is null)
        {
            // What is known from before says itself of when it is.
            yield return new HealthMessage((reports.Last ?? reports.NotYet()).Only(watch.Sections), IsHeartbeat: true, IsPreliminary: true);
            first = await coming.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        var last = first;
        var told = first.Only(watch.Sections);
        yield return new HealthMessage(told, IsHeartbeat: false);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            var newest = await reports.GetAsync(Fresh).WaitAsync(cancellationToken).ConfigureAwait(false);
            // The tick before came late: nobody gets the same report twice.
            if (ReferenceEquals(newest, last))
                newest = await reports.GetAsync(TimeSpan.Zero).WaitAsync(cancellationToken).ConfigureAwait(false);
            last = newest;
            var report = newest.Only(watch.Sections);
            var isNews = !watch.OnChangeOnly || report.DiffersFrom(told);
            yield return new HealthMessage(report, !isNews);
            told = isNews ? report : told;
        }
    }

    private async Task<HealthReport?> SoonAsync(Task<HealthReport> coming, CancellationToken cancellationToken)
    {
        try
        {
            return await coming.WaitAsync(FirstWait, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
