using System.Globalization;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using Xunit;
namespace ThreatLens.EndToEnd.Tests.AppHost;

/// <summary>However the AppHost ends, nothing it started is left behind.</summary>
public sealed class StopTests
{
    [Theory]
    [InlineData(Signals.Terminate)]
    [InlineData(Signals.Interrupt)]
    public async Task Signal_stops_dependents_first_and_ends_with_code_0(int signal)
    {
        await using var host = await RunningAppHost.StartAsync();
        await host.LineAsync("Everything is up");
        int[] processes = [await host.ProcessAsync("maintenance"), await host.ProcessAsync("ingest")];
        Assert.All(processes, process => Assert.True(OperatingSystemProcess.IsAlive(process)));
        host.Signal(signal);

        Assert.Equal(0, await host.EndAsync());
        Assert.All(processes, process => Assert.False(OperatingSystemProcess.IsAlive(process)));
        var lines = host.Lines.ToList();
        var ingest = lines.FindIndex(line => line.EndsWith("| ingest stopped", StringComparison.Ordinal));
        var maintenance = lines.FindIndex(line => line.EndsWith("| maintenance stopped", StringComparison.Ordinal));
        Assert.InRange(ingest, 0, maintenance);
    }

    [Fact]
    public async Task Signal_while_starting_leaves_nothing_behind()
    {
        // With a file that is no database it never becomes healthy: however late the signal comes, the host is still starting.
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("threatlens.db"), string.Concat(Enumerable.Repeat("This is not a database. ", 400)));
        await using var host = await RunningAppHost.StartAsync(
            new Dictionary<string, string> { ["ConnectionStrings__threatlens"] = $"Data Source={folder.File("threatlens.db")}" });
        var maintenance = await host.ProcessAsync("maintenance");
        host.Signal(Signals.Terminate);

        Assert.Equal(0, await host.EndAsync());
        Assert.False(OperatingSystemProcess.IsAlive(maintenance));
        Assert.DoesNotContain("ingest started", host.Output);
    }

    [Fact]
    public async Task Kill_of_the_AppHost_ends_every_process()
    {
        await using var host = await RunningAppHost.StartAsync();
        await host.LineAsync("Everything is up");
        int[] processes = [await host.ProcessAsync("maintenance"), await host.ProcessAsync("ingest")];
        Assert.All(processes, process => Assert.True(OperatingSystemProcess.IsAlive(process)));
        host.Signal(Signals.Kill);

        await host.EndAsync();
        await AllGoneAsync(processes);
    }

    [Fact]
    public async Task Kill_of_the_AppHost_while_a_process_starts_ends_it_too()
    {
        for (var round = 0; round < Rounds.Count; round++)
        {
            await using var host = await RunningAppHost.StartAsync();
            var maintenance = await host.ProcessAsync("maintenance");
            // Anywhere from its first instruction to its first request.
            await Task.Delay(TimeSpan.FromMilliseconds(100 * round));
            host.Signal(Signals.Kill);

            await AllGoneAsync(maintenance);
        }
    }

    [Fact]
    public async Task Kill_of_dotnet_run_ends_the_AppHost_and_every_process()
    {
        await AppHostBuild.AssemblyAsync();
        await using var run = await RunningAppHost.StartAsync(
            null, ["dotnet", "run", "--no-build", "--project", "ThreatLens.AppHost", .. AppHostBuild.Options]);
        await run.LineAsync("Everything is up");
        var host = Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0)
            .Single(id => id > 0 && ParentOf(id) == run.Id);
        int[] processes = [host, await run.ProcessAsync("maintenance"), await run.ProcessAsync("ingest")];
        Assert.All(processes, process => Assert.True(OperatingSystemProcess.IsAlive(process)));
        run.Signal(Signals.Kill);

        await AllGoneAsync(processes);
    }

    [Fact]
    public async Task End_of_a_shell_that_started_the_AppHost_leaves_it_running()
    {
        await using var shell = await RunningAppHost.StartAsync(null, "sh", "-c", $"dotnet '{await AppHostBuild.AssemblyAsync()}' & wait");
        await shell.LineAsync("Everything is up");
        var maintenance = await shell.ProcessAsync("maintenance");
        var host = ParentOf(maintenance);
        shell.Signal(Signals.Kill);
        await Eventually.TrueAsync(() => ParentOf(host) != shell.Id, () => "The shell is still the parent.");

        // Two looks of the watch at its parent.
        await Task.Delay(TimeSpan.FromSeconds(2.5));
        Assert.True(OperatingSystemProcess.IsAlive(host));
        Assert.True(OperatingSystemProcess.IsAlive(maintenance));
        Signals.Send(host, Signals.Terminate);
        await AllGoneAsync(host, maintenance);
    }

    private static Task AllGoneAsync(params int[] processes) => Eventually.TrueAsync(
        () => !processes.Any(OperatingSystemProcess.IsAlive),
        () => $"still alive: {string.Join(", ", processes.Where(OperatingSystemProcess.IsAlive))}");

    private static int ParentOf(int id)
    {
        try
        {
            return int.Parse(File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
