using System.Diagnostics;

namespace ThreatLens.EndToEnd.Tests.AppHost;

/// <summary>Waits for other processes by looking again, with a deadline instead of a guess.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<bool> condition, Func<string> otherwise)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > RunningAppHost.Deadline)
            {
                throw new TimeoutException($"Not within {RunningAppHost.Deadline.TotalSeconds} s: {otherwise()}");
            }

            await Task.Delay(50);
        }
    }
}

/// <summary>A process by its id.</summary>
internal static class OperatingSystemProcess
{
    /// <summary>Whether it runs; one that has ended and only waits to be asked for its exit code does not.</summary>
    public static bool IsAlive(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
