using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ThreatLens.EndToEnd.Tests.AppHost;

/// <summary>Where the AppHost with the built-in host was built.</summary>
internal static class AppHostBuild
{
    private static readonly Lazy<Task<string>> Assembly = new(FindOrBuildAsync);

    /// <summary>The folder of the solution.</summary>
    public static string Repository { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../.."));

    /// <summary>What <c>dotnet run --no-build</c> needs to find that build; after <see cref="AssemblyAsync"/>.</summary>
    public static string[] Options { get; private set; } = [];

    /// <summary>The path of ThreatLens.AppHost.dll.</summary>
    public static Task<string> AssemblyAsync() => Assembly.Value;

    private static async Task<string> FindOrBuildAsync()
    {
        // .../bin/Debug/net10.0/ of this project: the AppHost was built along with it, into the same places under its own folder.
        var output = Path.GetRelativePath(Path.Combine(Repository, "tests", "ThreatLens.EndToEnd.Tests"), AppContext.BaseDirectory);
        var built = Path.Combine(Repository, "ThreatLens.AppHost", output);
        if (!File.Exists(Path.Combine(built, "Aspire.Hosting.dll")))
        {
            return Path.Combine(built, "ThreatLens.AppHost.dll");
        }

        // This machine has Aspire, so the AppHost was built with it; the built-in host gets a build of its own, apart from all others.
        var artifacts = Path.Combine(AppContext.BaseDirectory, "built-in-host");
        Options = ["-p:UseAspire=false", "--artifacts-path", artifacts];
        var start = new ProcessStartInfo("dotnet", ["build", "ThreatLens.AppHost", .. Options])
        {
            WorkingDirectory = Repository,
            RedirectStandardOutput = true,
        };
        using var build = Process.Start(start)!;
        var text = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        return build.ExitCode == 0
            ? Path.Combine(artifacts, "bin", "ThreatLens.AppHost", "debug", "ThreatLens.AppHost.dll")
            : throw new InvalidOperationException($"The built-in host could not be built:\n{text}");
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
