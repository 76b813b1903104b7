using ThreatLens.Maintenance.Tests.Children;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace ThreatLens.Maintenance.Tests;

/// <summary>
/// Runs the tests, or, when started by one of them as <c>child VERB ...</c>, plays the other process that the test needs: one that
/// holds a lock, or is killed in the middle of a migration.
/// </summary>
internal static class TestProgram
{
    public static async Task<int> Main(string[] args) => args switch
    {
        ["child", .. var words] => ChildProgram.Run(words),
        _ when args.Any(a => a is "--server" or "--internal-msbuild-node") =>
            await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => await ConsoleRunner.Run(args),
    };
}
