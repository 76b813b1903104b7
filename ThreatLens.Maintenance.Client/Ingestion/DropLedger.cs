using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>Counts what is dropped at once, and reports it now and then: drops come by the thousand when they come. Thread-safe.</summary>
/// <param name="producerId">Who drops.</param>
/// <param name="metrics">Counted there too, at once.</param>
/// <param name="logger">One line per reason and report.</param>
/// <param name="reported">Told the same as the log.</param>
internal sealed class DropLedger(string producerId, MetricSenderMetrics metrics, ILogger logger, Action<DroppedSamples> reported)
{
    /// <summary>Time between reports.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private static readonly DropReason[] Reasons = Enum.GetValues<DropReason>();
    private readonly long[] _counted = new long[Reasons.Length];
    private readonly long[] _reported = new long[Reasons.Length];

    /// <summary>Everything dropped so far, samples.</summary>
    public long Total => Reasons.Sum(reason => Interlocked.Read(ref _counted[(int)reason]));

    /// <summary>Counts samples; 0 is nothing.</summary>
    public void Add(DropReason reason, long samples)
    {
        if (samples == 0)
            return;
        Interlocked.Add(ref _counted[(int)reason], samples);
        metrics.DroppedFor(reason, samples);
    }

    /// <summary>Reports every interval until cancelled.</summary>
    public async Task RunAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            Report();
    }

    /// <summary>Reports what has not been. One caller at a time.</summary>
    public void Report()
    {
        foreach (var reason in Reasons)
        {
            var counted = Interlocked.Read(ref _counted[(int)reason]);
            var news = counted - _reported[(int)reason];
            if (news == 0)
                continue;
            _reported[(int)reason] = counted;
            logger.Dropped(producerId, news, reason, reason.Explain());
            reported(new DroppedSamples(reason, news));
        }
    }
}
