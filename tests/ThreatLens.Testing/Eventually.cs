using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ThreatLens.Testing;

/// <summary>Waits for what happens in its own time, by looking again, with a limit that only a failure reaches. Nothing here measures time.</summary>
public static class Eventually
{
    /// <summary>Longer than anything takes on a busy machine that is ten times slower. It costs nothing: only a failure waits for so long.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks until what is seen is right, and returns it.</summary>
    public static async Task<T> AsyncUntil<T>(Func<Task<T>> look, Func<T, bool> isRight, string what, Func<string>? state = null)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var seen = await look();
            if (isRight(seen))
                return seen;
            if (watch.Elapsed > Limit)
                throw new TimeoutException($"{what}: not within {Limit.TotalSeconds} s; last seen: {seen}. {state?.Invoke()}");
            await Task.Delay(Pause);
        }
    }

    /// <summary>Looks until it is so; <paramref name="what"/> names it.</summary>
    public static Task UntilAsync(Func<bool> isRight, string what) => AsyncUntil(() => Task.FromResult(isRight()), seen => seen, what);

    /// <summary>Looks until it is so; <paramref name="otherwise"/> says what is wrong when it does not become so.</summary>
    public static Task TrueAsync(Func<bool> condition, Func<string> otherwise) =>
        AsyncUntil(() => Task.FromResult(condition()), seen => seen, "A condition", otherwise);

    /// <summary>Looks until it is so; the condition's own text names it.</summary>
    public static Task True(Func<bool> condition, Func<string>? state = null, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        AsyncUntil(() => Task.FromResult(condition()), seen => seen, what, state);

    /// <summary>Looks until it is what is expected; its own text names it.</summary>
    public static Task Equal<T>(T expected, Func<T> actual, Func<string>? state = null, [CallerArgumentExpression(nameof(actual))] string what = "") =>
        AsyncUntil(() => Task.FromResult(actual()), seen => EqualityComparer<T>.Default.Equals(expected, seen), $"{what} is {expected}", state);

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
