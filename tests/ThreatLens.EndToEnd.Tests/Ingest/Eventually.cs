using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>Waits for things that happen in their own time; fails when they do not.</summary>
public static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static async Task True(Func<bool> condition, Func<string>? state = null, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > Deadline)
                Assert.Fail($"Not within {Deadline}: {what}. {state?.Invoke()}");
            await Task.Delay(10);
        }
    }

    public static Task Equal<T>(T expected, Func<T> actual, Func<string>? state = null, [CallerArgumentExpression(nameof(actual))] string what = "") =>
        True(() => EqualityComparer<T>.Default.Equals(expected, actual()), () => $"Expected {expected}, was {actual()}. {state?.Invoke()}", what);
}
