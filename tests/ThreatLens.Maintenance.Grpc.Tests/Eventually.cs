using System.Diagnostics;

namespace ThreatLens.Maintenance.Grpc.Tests;

/// <summary>Waits for what must become true, by looking, with a limit that only a failure reaches.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task<T> AsyncUntil<T>(Func<Task<T>> look, Func<T, bool> isRight, string what)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var seen = await look();
            if (isRight(seen))
                return seen;
            if (watch.Elapsed > Limit)
                throw new TimeoutException($"{what}: not within {Limit.TotalSeconds} s; last seen: {seen}");
            await Task.Delay(25);
        }
    }

    public static Task UntilAsync(Func<bool> isRight, string what) => AsyncUntil(() => Task.FromResult(isRight()), seen => seen, what);

    /// <summary>Awaits what must come, or says what did not.</summary>
    public static async Task<T> WithinLimitAsync<T>(Task<T> task, string what)
    {
        try
        {
            return await task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{what}: not within {Limit.TotalSeconds} s");
        }
    }
}
