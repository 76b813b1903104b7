using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>Goes through the points at which a process can be killed: those around COMMIT, and a random share of the others; from 25 rounds on, all.</summary>
internal static class CrashSweep
{
    private const int RoundsForAll = 25;
    private const int AtOnce = 2;

    private static readonly int Share = Math.Max(1, RoundsForAll / Rounds.Count);

    /// <param name="output">Gets the numbers.</param>
    /// <param name="names">The name of every point, in order.</param>
    /// <param name="check">Kills a process at the point of that number, and looks.</param>
    public static Task RunAsync(ITestOutputHelper output, string[] names, Func<int, Task> check)
    {
        var commits = names.Count(n => n == "after COMMIT");
        var offset = Random.Shared.Next(Share);
        var points = Enumerable.Range(0, names.Length).Where(p => p % Share == offset || names[p].EndsWith(" COMMIT", StringComparison.Ordinal)).ToList();
        output.WriteLine($"{names.Length} points, {commits} COMMITs among them; killed at {points.Count} of them in this run: every {Share}th from {offset}, and all around COMMIT.");
        return Parallel.ForEachAsync(points, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (point, _) =>
        {
            try
            {
                await check(point);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Killed at point {point}, {names[point]}: {e.Message}", e);
            }
        });
    }
}
