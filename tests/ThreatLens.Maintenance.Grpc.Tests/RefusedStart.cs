using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests;

/// <summary>A service whose settings cannot be meant.</summary>
internal static class RefusedStart
{
    private const string Project = "ThreatLens.Maintenance.Grpc";

    /// <summary>It ends with one sentence and exit code 1, and has made no database.</summary>
    /// <param name="setting">The environment variable.</param>
    /// <param name="value">Its value.</param>
    /// <param name="named">What the sentence names.</param>
    public static async Task AssertAsync(string setting, string value, string named)
    {
        using var folder = new TemporaryFolder();
        await using var process = ChildProcess.StartDotnet(
            Repository.Assembly(Project), Repository.ProjectFolder(Project), [],
            new Dictionary<string, string?>
            {
                ["ConnectionStrings__threatlens"] = $"Data Source={folder.File("threatlens.db")}",
                ["Kestrel__Endpoints__grpc__Url"] = "http://127.0.0.1:0",
                ["Kestrel__Endpoints__http__Url"] = "http://127.0.0.1:0",
                [setting] = value,
            });

        await process.WaitForLineAsync(line => line.StartsWith("The service cannot start: ", StringComparison.Ordinal) && line.Contains(named, StringComparison.Ordinal));
        await Eventually.TrueAsync(() => process.HasExited, () => $"the process did not end:\n{string.Join('\n', process.Output)}");
        Assert.Equal(1, process.ExitCode);
        Assert.DoesNotContain(process.Output, line => line.StartsWith("   at ", StringComparison.Ordinal));
        Assert.False(File.Exists(folder.File("threatlens.db")));
    }
}
