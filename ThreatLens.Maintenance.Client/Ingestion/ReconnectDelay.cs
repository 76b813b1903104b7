using Google.Rpc;
using Grpc.Core;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>How long to wait before the next stream: exponential, jittered, at least what the service asks for. Not thread-safe.</summary>
/// <param name="initial">First wait.</param>
/// <param name="longest">Bound of the doubling.</param>
/// <param name="random">Where the jitter comes from.</param>
internal sealed class ReconnectDelay(TimeSpan initial, TimeSpan longest, Random random)
{
    /// <summary>A service that asks for more than this is not obeyed: nobody should need a restart of every producer.</summary>
    private static readonly TimeSpan LongestObeyed = TimeSpan.FromMinutes(5);

    private int _failures;

    /// <summary>Something was acknowledged: the next failure is a first one.</summary>
    public void Reset() => _failures = 0;

    /// <summary>The wait after a failure: between half and all of initial * 2^n, never above the longest, never below what was asked.</summary>
    /// <param name="failure">How the stream ended; null when the service just ended it.</param>
    /// <param name="replaced">Another process has the producer id: the longest wait, so that the two do not chase each other.</param>
    public TimeSpan Next(RpcException? failure, bool replaced)
    {
        var full = replaced ? longest : Doubled();
        _failures++;
        var jittered = full * (0.5 + (random.NextDouble() / 2));
        var asked = failure?.GetRpcStatus()?.GetDetail<RetryInfo>()?.RetryDelay?.ToTimeSpan() ?? TimeSpan.Zero;
        if (asked > LongestObeyed)
            asked = LongestObeyed;
        return jittered > asked ? jittered : asked;
    }

    private TimeSpan Doubled()
    {
        var ticks = initial.Ticks * Math.Pow(2, Math.Min(_failures, 40));
        return ticks < longest.Ticks ? TimeSpan.FromTicks((long)ticks) : longest;
    }
}
