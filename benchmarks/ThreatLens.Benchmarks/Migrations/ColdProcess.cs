using System.Diagnostics;
using ThreatLens.Benchmarks.Contenders;
using ThreatLens.Testing.Processes;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>Processes that do one run each and end: the contenders' console host, as it is built and as it is published.</summary>
internal sealed class ColdProcess
{
    private const string Project = "ThreatLens.Benchmarks.Contenders";
    private const string Precompiled = ", precompiled";
    private const string Portable = ", IL";

    private readonly string _built = Path.GetDirectoryName(Repository.Assembly("benchmarks/" + Project, Project))!;
    private readonly string? _published;

    private ColdProcess(string? published)
    {
        _published = published;
        ScriptSet.Product.WriteForEvolve(_built);
    }

    /// <summary>
    /// Ours as `dotnet publish` delivers it, compiled ahead of time; the others as NuGet delivers them. And, to be fair, the fastest of them as they would be
    /// if whoever uses them compiled them too, and ours as it is without.
    /// </summary>
    public IReadOnlyList<string> Contenders => _published is null
        ? LineUp.All
        : [.. LineUp.All, LineUp.ThreatLens + Portable, LineUp.Minimal + Precompiled, LineUp.DbUp + Precompiled];

    /// <summary>What the columns are of.</summary>
    public string Title => _published is null
        ? "A process each, cold: all as IL (the host could not be published)"
        : "A process each, cold: threatlens as published (ReadyToRun), the others as NuGet delivers them (IL) unless said otherwise";

    /// <summary>Publishes the host as a user publishes one. Where its compiler's package cannot be restored, ours takes part as it is built, and this says so.</summary>
    public static ColdProcess Prepare()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "cold-host");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, WorkingDirectory = Repository.Root };
        foreach (var word in (string[])["publish", "benchmarks/" + Project, "-c", "Release", "-o", folder, "-nologo", "-v", "quiet"])
            start.ArgumentList.Add(word);
        using var publish = Process.Start(start)!;
        var said = publish.StandardOutput.ReadToEnd();
        publish.WaitForExit();
        if (publish.ExitCode != 0)
            Console.WriteLine($"The console host could not be published, so ours starts as slowly as IL does: {said.Split('\n')[0]}");
        return new ColdProcess(publish.ExitCode == 0 ? folder : null);
    }

    /// <summary>Starts one and waits for its end.</summary>
    /// <returns>Milliseconds from the start to the end.</returns>
    public double Measure(string contender, string folder)
    {
        var name = contender.Split(',')[0];
        var isPublished = contender.EndsWith(Precompiled, StringComparison.Ordinal) || contender == LineUp.ThreatLens;
        var start = new ProcessStartInfo(Path.Combine((isPublished ? _published : null) ?? _built, Project));
        start.ArgumentList.Add(name);
        start.ArgumentList.Add(folder);
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        process.WaitForExit();
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return process.ExitCode == 0 ? elapsed : throw new InvalidOperationException($"The cold process of {contender} ended with {process.ExitCode}.");
    }
}
