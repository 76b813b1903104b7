using System.Diagnostics;
using ThreatLens.Benchmarks.Contenders;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>A process that does one run and ends; this program again, so that all contenders start alike.</summary>
internal static class ColdProcess
{
    public const string Verb = "cold";

    /// <summary>What the process does.</summary>
    public static int Run(string contender, string folder)
    {
        LineUp.Find(contender).Run(folder, ScriptSet.Product);
        return 0;
    }

    /// <summary>Starts one and waits for its end.</summary>
    /// <returns>Milliseconds from the start to the end.</returns>
    public static double Measure(string contender, string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        // Started by the `dotnet` program rather than by its own.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(ColdProcess).Assembly.Location);
        foreach (var word in (string[])[Verb, contender, folder])
            start.ArgumentList.Add(word);
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        process.WaitForExit();
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return process.ExitCode == 0 ? elapsed : throw new InvalidOperationException($"The cold process of {contender} ended with {process.ExitCode}.");
    }
}
